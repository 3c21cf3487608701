"""VideoBERT with CBT's head, of drawn clips: a network of chips, visual words, and one BERT over all words."""
