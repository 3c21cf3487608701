"""The attention formula with the real numbers of one query."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "scaled_dot",
    "Dot product",
    "widgets.views.scaled_dot.view:ScaledDotView",
    frozenset({Capability.QK}),
    "The attention formula with the real numbers of one query.",
    figures=("dot-product",),
)
