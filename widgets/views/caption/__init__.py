"""A caption that grows word by word, and where each word looks in the image."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "caption",
    "Caption",
    "widgets.views.caption.view:CaptionView",
    frozenset({Capability.CAPTION}),
    "A caption that a model writes of an image, and where each word looks.",
    figures=("caption",),
    changes_input=True,
)
