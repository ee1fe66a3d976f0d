"""Ablations: the same training, step for step, with one thing changed at a time."""
