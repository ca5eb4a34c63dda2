"""Text that is no value: blanks, invisible characters, and words that programs write for nothing."""
