"""Cloud exports: the files that CleverTap writes to a bucket. They are set up in its dashboard, not by its API."""
