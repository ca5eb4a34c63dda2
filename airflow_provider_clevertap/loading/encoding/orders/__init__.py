"""Encode order lines: the lines of each order become one ``Charged`` event with its items."""
