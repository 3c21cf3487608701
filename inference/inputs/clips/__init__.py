"""Films: read a frame at a time, and the frames that a model takes made ready for it."""
