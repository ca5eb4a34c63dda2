"""Durable progress: which rows are settled, which batches may be on their way, and how an interrupted load resumes."""
