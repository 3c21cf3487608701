"""Mask patches and see which visual tokens the model expects there, and the image rebuilt from them."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "masked_image",
    "Masked image",
    "widgets.views.masked_image.view:MaskedImageView",
    frozenset({Capability.MASKED_IMAGE}),
    "Mask patches and see which visual tokens the model expects there.",
    figures=("masked-image",),
)
