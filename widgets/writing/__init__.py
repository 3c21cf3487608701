"""What views share in which a model writes a text, token by token."""
