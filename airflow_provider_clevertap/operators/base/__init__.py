"""What the operators are built on: their base classes, arguments, links and asset events."""
