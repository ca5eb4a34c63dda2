"""The pages that show what has arrived. Plain HTML: no scripts, nothing loaded from elsewhere."""
