"""What comes out of CleverTap: exports with cursors, counts, reports and lists, made from what was uploaded."""
