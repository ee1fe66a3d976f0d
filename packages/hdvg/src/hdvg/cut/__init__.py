"""Clips out of a video, exact to the frame: copied where the stream allows, encoded elsewhere."""
