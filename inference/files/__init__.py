"""Files of a checkpoint, read with checks."""
