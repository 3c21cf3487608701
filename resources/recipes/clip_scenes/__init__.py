"""CLIP on drawn scenes: data, training, metrics and card."""
