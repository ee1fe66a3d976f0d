"""Writes a dataset, or a selection of it, in the formats that other trainers read."""
