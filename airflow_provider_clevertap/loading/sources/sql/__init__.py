"""The result of a query, row by row from a database cursor."""
