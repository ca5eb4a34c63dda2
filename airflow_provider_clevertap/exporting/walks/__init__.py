"""Walk through the pages of a query, and stop all walks of an export."""
