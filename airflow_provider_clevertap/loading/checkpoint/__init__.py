"""The durable state of a load, which rows are settled and which may be in flight, so that a later attempt resumes."""
