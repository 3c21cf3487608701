"""Completions that grow pixel by pixel, the surprisal of each pixel, and what a linear classifier reads."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "complete_image",
    "Image GPT",
    "widgets.views.complete_image.view:CompleteImageView",
    frozenset({Capability.NEXT_PIXEL}),
    "Images that grow pixel by pixel, and what a linear probe reads.",
    figures=("complete-image", "probe"),
)
