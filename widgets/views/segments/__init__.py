"""Which of the labels that you type every pixel of the image shows."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "segments",
    "Segments",
    "widgets.views.segments.view:SegmentsView",
    frozenset({Capability.SEGMENTS}),
    "Which of the labels that you type every pixel of the image shows.",
    figures=("segments",),
)
