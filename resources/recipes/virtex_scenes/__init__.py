"""A small VirTex that learns to see by writing captions of drawn scenes."""
