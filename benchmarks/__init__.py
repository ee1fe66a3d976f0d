"""Figures of speed and quality, each against a peer or a physical limit: `make bench`."""
