"""Queries and keys joined by lines as strong as the attention."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "arcs",
    "Arcs",
    "widgets.views.arcs.view:ArcsView",
    frozenset({Capability.ATTENTION}),
    "Queries and keys joined by lines as strong as the attention.",
    figures=("arcs",),
)
