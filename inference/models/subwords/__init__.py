"""How vocabularies of subwords are built, and how a word is cut with one: byte pair encoding, WordPiece, Unigram."""
