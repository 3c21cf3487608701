"""Full, windowed, dilated, global and random attention: cells, reach and cost."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "sparse",
    "Sparse",
    "widgets.views.sparse.view:SparseView",
    frozenset(),
    "Full, windowed, dilated, global and random attention, and their cost.",
    figures=("sparse-patterns",),
)
