"""Controls, layouts and canvases."""
