"""Pairs of an image and a text: their vectors, and what of each the other is found by."""
