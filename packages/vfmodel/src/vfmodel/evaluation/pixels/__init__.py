"""Figures of pixels alone: likeness to a reference, flicker, motion."""
