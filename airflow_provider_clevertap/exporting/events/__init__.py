"""Export events: what to ask for in which order, and the files of each day."""
