"""Meshes: as geometry, as the tokens a model reads and writes, and as files."""
