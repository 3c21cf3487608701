"""The engine: requests in, results out."""
