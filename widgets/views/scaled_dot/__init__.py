"""The attention formula with the real numbers of one query."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "scaled_dot",
    "Dot product",
    "widgets.views.scaled_dot.view:ScaledDotView",
    "scaled_dot.ScaledDotRequest",
    "The attention formula with the real numbers of one query.",
    figures=("dot-product",),
)
