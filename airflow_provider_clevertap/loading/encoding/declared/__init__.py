"""Apply what a mapping declares for the cells of a column: how they are written, and what replaces them."""
