"""Models that read words and an image together: attention goes from one to the other."""
