"""Exports page by page: cursors, how long they live, and the records of a page."""
