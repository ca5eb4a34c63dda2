"""CSV files: split into chunks of whole records, parsed by Arrow."""
