"""Makes a protocol's videos: by our model or a baseline, on any number of processes, resumably."""
