"""A detector of the things in drawn scenes, whose regions other models read."""
