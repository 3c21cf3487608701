"""LSeg: labels that are given as texts, at every pixel of an image."""
