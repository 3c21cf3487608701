"""Models that say where in an image things are."""
