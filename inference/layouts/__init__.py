"""Attention that is not one square matrix in the model, expanded to true positions."""
