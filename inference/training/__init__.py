"""Training tiny models: tasks, the loop, and the folder of a run."""
