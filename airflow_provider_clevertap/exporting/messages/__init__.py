"""The report on messages as files: options, columns, and the report itself."""
