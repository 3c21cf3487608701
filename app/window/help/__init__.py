"""Help: a page for each view, the words, the lecture's table of contents, and a tour."""
