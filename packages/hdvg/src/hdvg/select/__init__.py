"""Subsets of a dataset: an expression over its columns, saved under a name, applied when read."""
