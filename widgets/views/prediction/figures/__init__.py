"""The pictures of the three kinds of prediction."""
