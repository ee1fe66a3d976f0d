"""Captions for committed clips from their keyframes, and how the shipped captioner is made."""
