"""A small MERLOT of generated clips and what is said of them."""
