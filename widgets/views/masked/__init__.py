"""Mask words and see what the model would put there, layer by layer."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "masked",
    "Masked words",
    "widgets.views.masked.view:MaskedView",
    frozenset({Capability.MASKED_LM}),
    "Mask words and see what the model would put there, layer by layer.",
    figures=("masked", "mask-lab"),
)
