"""Text that is not a value: blanks, invisible characters, and words that programs write for nothing."""
