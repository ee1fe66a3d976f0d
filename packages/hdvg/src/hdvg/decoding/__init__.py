"""Windows of clips by any of the decoders that people train with: the same frames from each."""
