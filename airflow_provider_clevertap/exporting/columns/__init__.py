"""Turn the records of a page into the columns of an export."""
