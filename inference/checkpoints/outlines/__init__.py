"""A torch of names and shapes alone, on which transformers' own classes are built to tell what a checkpoint is."""
