"""How surprised a model is by every token of a text."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "reading",
    "Surprisal",
    "widgets.views.reading.view:ReadingView",
    "reading.ReadingRequest",
    "How surprised a model is by every token, given those before it, and what it expected instead.",
    figures=("reading",),
    about_model="text",
)
