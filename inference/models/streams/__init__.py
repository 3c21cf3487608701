"""Words and regions in Transformers of one stream, or of two that read each other."""
