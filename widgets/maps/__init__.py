"""Attention maps of any length, looked at like a map of the world: zoomed, dragged, sharp where one looks."""
