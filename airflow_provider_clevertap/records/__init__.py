"""What CleverTap accepts: the rules of its records. No network, no files."""
