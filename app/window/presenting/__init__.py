"""Presentation mode: the views alone, and for some seconds what is answered to the user."""
