"""Blocks of rows, the unit every stage of a load works on, and the Arrow functions they share."""
