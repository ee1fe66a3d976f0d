"""Film files in and out: what one is like, its frames, encoding, resuming, the other streams."""
