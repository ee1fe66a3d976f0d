"""Scores that the build's decoding pass cannot give: text in the picture, and repeats."""
