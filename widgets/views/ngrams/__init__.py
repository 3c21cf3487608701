"""How n-gram models explain a sentence."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "ngrams",
    "n-grams",
    "widgets.views.ngrams.view:NgramsView",
    frozenset(),
    "The chain rule with models that count up to five words in a row.",
    figures=("ngrams",),
)
