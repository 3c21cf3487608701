"""Drawn scenes whose truth is known, as models of words and images read them."""
