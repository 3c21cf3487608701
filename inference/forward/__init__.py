"""Running a model, and what is kept of a run."""
