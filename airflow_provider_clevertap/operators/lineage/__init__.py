"""What tasks report to OpenLineage: the datasets they read and write, and their counts."""
