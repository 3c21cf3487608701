"""One head as a heat map: who attends to whom, with exact values."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "attention",
    "Attention",
    "widgets.views.attention.view:AttentionView",
    "attention.AttentionRequest",
    "One head as a heat map: who attends to whom, with exact values.",
    figures=("attention",),
)
