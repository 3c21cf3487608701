"""The Hugging Face hub by its own library: what lies in its cache, what a repository is, and fetching it.

It needs no window and, but for telling which views a checkpoint has, no torch.
"""
