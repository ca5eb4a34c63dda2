"""The result of a query, fetched in chunks from a database cursor, and the errors of database drivers."""
