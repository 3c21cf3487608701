"""Pictures that paint themselves with a `QPainter`: on screen, into SVG, PDF and PNG alike."""
