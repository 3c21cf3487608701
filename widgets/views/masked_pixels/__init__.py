"""Mask pixels and see which colours the model puts there, and what a linear classifier reads."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "masked_pixels",
    "Masked pixels",
    "widgets.views.complete_image.view:CompleteImageView",
    "masked_pixels.MaskedPixelsRequest",
    "Mask pixels and see which colours the model puts there, and what a linear classifier reads.",
    about_model="image",
)
