"""What every head does, in numbers: a table to sort, and two measures against each other."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "measures",
    "Measures",
    "widgets.views.measures.view:MeasuresView",
    "measures.MeasuresRequest",
    "What every head does, in numbers: a table to sort, and two measures against each other.",
    figures=("measures",),
)
