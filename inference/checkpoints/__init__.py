"""What a checkpoint is, found out and loaded."""
