"""How surprised a model is by every token of a text."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "reading",
    "Surprisal",
    "widgets.views.reading.view:ReadingView",
    frozenset({Capability.NEXT_TOKEN}),
    "How surprised a model is by every token, given those before it.",
    figures=("reading",),
)
