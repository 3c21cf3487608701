"""Mask words and see what the model would put there, layer by layer."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "masked",
    "Masked words",
    "widgets.views.masked.view:MaskedView",
    "masked.MaskedRequest",
    "Mask words and see what the model would put there, layer by layer.",
    figures=("masked", "mask-lab"),
    about_model="text",
)
