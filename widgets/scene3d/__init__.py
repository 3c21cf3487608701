"""n-gon meshes in three dimensions: what to draw, from where, and two ways to draw it."""
