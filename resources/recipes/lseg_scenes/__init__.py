"""LSeg on drawn scenes: training, metrics and card, and published weights brought into a folder that opens."""
