"""The two token columns joined by lines as strong as the attention."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "arcs",
    "Arcs",
    "widgets.views.arcs.view:ArcsView",
    "attention.AttentionRequest",
    "The two token columns joined by lines as strong as the attention.",
    figures=("arcs",),
)
