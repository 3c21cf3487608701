"""Weights of other formats and under other names, made into a folder with safetensors once."""
