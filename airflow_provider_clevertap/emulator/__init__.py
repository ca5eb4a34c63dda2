"""A local server that behaves like CleverTap, for trials and DAG tests, written from the API documentation alone."""
