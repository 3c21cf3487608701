"""One head as a heat map: who attends to whom; point for exact values."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "attention",
    "Attention",
    "widgets.views.attention.view:AttentionView",
    frozenset({Capability.ATTENTION}),
    "One head as a heat map: who attends to whom; point for exact values.",
    figures=("attention",),
)
