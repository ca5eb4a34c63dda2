"""Batches of records to CleverTap: how rows are put into batches, sent, retried and split, and with what result."""
