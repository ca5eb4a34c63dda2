"""Write the rows of an export to files, and replace partitions by them."""
