"""The one decode pass: scenes, their central frames and their scores, from strided planes."""
