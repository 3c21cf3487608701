"""What all families have in common: below what inspects checkpoints, which asks them."""
