"""VideoBERT and CBT: films as visual words, or as vectors, beside the words that are said."""
