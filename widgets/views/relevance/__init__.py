"""Where in an image a text is found."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "relevance",
    "Relevance",
    "widgets.views.relevance.view:RelevanceView",
    frozenset({Capability.COMPARISON}),
    "Where in the image the text is found, and which of its words find it.",
    figures=("relevance",),
)
