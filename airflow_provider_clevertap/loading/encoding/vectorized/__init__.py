"""Converters of whole columns, in Arrow.

A converter decides only about cells it is certain of; the others it marks as undecided, and the models in ``records``
decide. A property test holds the two together.
"""
