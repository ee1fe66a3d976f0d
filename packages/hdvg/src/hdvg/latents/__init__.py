"""Autoencoder latents of clips: a column family, written by a pass, read by windows."""
