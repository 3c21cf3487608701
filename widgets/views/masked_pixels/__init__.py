"""Mask pixels and see which colours the model puts there, and what a linear classifier reads."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "masked_pixels",
    "Masked pixels",
    "widgets.views.complete_image.view:CompleteImageView",
    frozenset({Capability.MASKED_PIXELS}),
    "Mask pixels and see which colours the model puts there.",
)
