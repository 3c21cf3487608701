"""One head as a heat map: who attends to whom; point at a cell for its exact value."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "attention",
    "Attention",
    "widgets.views.attention.view:AttentionView",
    frozenset({Capability.ATTENTION}),
    "One head as a heat map: who attends to whom; point at a cell for its exact value.",
    figures=("attention",),
)
