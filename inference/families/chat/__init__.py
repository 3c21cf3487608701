"""Chat models that see, by how the tokens of an image are placed."""
