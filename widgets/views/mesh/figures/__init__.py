"""Figures about meshes."""
