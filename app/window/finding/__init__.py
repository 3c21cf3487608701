"""Find an action, a view, a checkpoint or a sample by typing some of its words."""
