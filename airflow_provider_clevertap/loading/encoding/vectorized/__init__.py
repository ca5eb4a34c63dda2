"""Converters of whole columns, in Arrow.

A converter decides only the cells it is certain of. It marks the others as undecided, and the models in ``records``
decide those. A property test checks that converters and models agree.
"""
