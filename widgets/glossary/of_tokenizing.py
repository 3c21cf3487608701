"""Words in the drawings of the Tokenizers view, where they mean something of their own."""

from __future__ import annotations

PLACE = "tokenization"  # name of the view
SENTENCES = {
    "pair": "Two pieces that stand beside each other within a word; merging makes one piece of them.",
    "count": "How often the pair is in the text, as the trainer counts it; in “aaa” the pair a a is twice.",
    "score": "The pair's count divided by the counts of its two pieces: high where they are rare apart.",
    "new piece": "What the two become, a new entry of the vocabulary; ## marks what goes on with a word.",
    "log p": "Natural logarithm of the piece's probability; the probabilities of all pieces sum to about 1.",
    "expected": "How often the piece is in the text, all ways to cut each word weighed by their probability.",
    "loss": "How much log-likelihood a word of the text loses in the mean when this piece is removed.",
    "stay": "Pieces that are in the vocabulary after this step.",
    "go": "Pieces that this step removes from the vocabulary.",
    "words": "The words of the text, cut with the vocabulary so far; this step cut the tinted ones anew.",
    "as typed": "The text of the input, before the tokenizer does anything.",
    "normalised": "The text after the tokenizer has unified it, such as lower case, accents or spaces.",
    "split": "The parts that are cut by themselves: no token reaches across their borders.",
    "tokens": "What the model reads: entries of the vocabulary, each with its number, the id.",
    "id": "The number of a token in the vocabulary, by which the model looks up its vector.",
    "rank": "The place of a merge in the order in which the merges were learned: the lowest goes first.",
    "best so far": "The highest sum of log-probabilities with which the word can be cut up to this place.",
}
