"""VirTex: an image is read, and its caption is written from both ends."""
