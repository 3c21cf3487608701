"""What is shown, as files: figures, films and meshes."""
