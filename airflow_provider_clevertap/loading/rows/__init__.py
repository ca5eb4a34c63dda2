"""Blocks of rows, the unit that every stage of a load works on, and Arrow functions that the stages share."""
