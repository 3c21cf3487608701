"""Lines, points and bars on axes: pyqtgraph's on screen, painted from the same data into files."""
