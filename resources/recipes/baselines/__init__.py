"""Simple models that a trained one has to beat."""
