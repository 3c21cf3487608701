"""How vocabularies of subwords are built, and how the checkpoint's tokenizer cuts a text."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "tokenization",
    "Tokenizers",
    "widgets.views.tokenization.view:TokenizationView",
    frozenset(),
    "How a vocabulary of subwords is built, and how it cuts the text.",
    figures=("vocabulary", "tokenizer", "compare-tokenizers"),
)
