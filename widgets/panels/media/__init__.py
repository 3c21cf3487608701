"""What is given to models beside words: images and films, each with a bar, above the views or in a column."""
