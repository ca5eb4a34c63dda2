"""Calls that change an account otherwise than by uploads: operations on profiles, and campaigns."""
