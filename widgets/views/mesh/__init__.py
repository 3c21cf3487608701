"""Parts of the view Mesh: how a mesh grows, what is drawn on it, and the controls around it."""
