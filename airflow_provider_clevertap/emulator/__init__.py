"""A local CleverTap to try loads on and to test DAGs with, written from the API documentation alone."""
