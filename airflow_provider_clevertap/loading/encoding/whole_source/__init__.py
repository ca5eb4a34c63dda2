"""Encode kinds of record that need the whole source before one record is sent."""
