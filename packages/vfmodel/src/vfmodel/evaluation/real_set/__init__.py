"""Real videos: datasets as they are distributed, and windows of their frames."""
