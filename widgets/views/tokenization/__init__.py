"""How vocabularies of subwords are built, and how the checkpoint's tokenizer cuts a text."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "tokenization",
    "Tokenizers",
    "widgets.views.tokenization.view:TokenizationView",
    frozenset(),
    "How byte pair encoding, WordPiece and Unigram build a vocabulary; how this checkpoint's tokenizer cuts the text.",
    figures=("vocabulary", "tokenizer", "compare-tokenizers"),
)
