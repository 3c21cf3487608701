"""Frames of a film in any order, and what a model says comes first."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "order",
    "Order of frames",
    "widgets.views.order.view:OrderView",
    frozenset({Capability.ORDER}),
    "Frames that are put back into order by what is said of them.",
    figures=("order",),
)
