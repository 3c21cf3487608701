"""Every head in numbers: a table to sort, two measures against each other."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "measures",
    "Measures",
    "widgets.views.measures.view:MeasuresView",
    frozenset({Capability.ATTENTION}),
    "Every head in numbers: a table to sort, and two against each other.",
    figures=("measures",),
)
