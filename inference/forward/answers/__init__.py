"""Answers about an image while they are written: what their words look at."""
