"""Checkpoints beyond those that come with the program: the hub's cache, the hub, and folders that runs write to."""
