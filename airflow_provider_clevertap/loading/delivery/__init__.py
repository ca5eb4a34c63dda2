"""Delivery of records to CleverTap in batches: how records are batched, sent, retried and split."""
