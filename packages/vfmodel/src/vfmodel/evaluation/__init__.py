"""How good sampled clips are, judged by means that share nothing with the model."""
