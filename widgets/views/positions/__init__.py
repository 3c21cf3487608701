"""How positions are encoded: the 2017 sinusoids, and what this checkpoint uses."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "positions",
    "Positions",
    "widgets.views.positions.view:PositionsView",
    frozenset(),
    "How positions are encoded: the 2017 sinusoids, and this checkpoint.",
    figures=("positions", "sinusoids"),
    reads_input=False,
)
