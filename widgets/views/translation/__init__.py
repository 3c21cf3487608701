"""A translation that grows token by token, and what it looks at in the source."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "translation",
    "Translation",
    "widgets.views.translation.view:TranslationView",
    frozenset({Capability.TRANSLATION}),
    "What an encoder-decoder writes, step by step, and where it looks.",
    figures=("translation", "cross-attention"),
    changes_input=True,
)
