"""CSV files: text is split into chunks of complete records, which Arrow parses."""
