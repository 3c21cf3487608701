"""Views and the parts they are made of: data in, pixels and signals out. Never torch, never a thread."""
