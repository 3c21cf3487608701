"""What a place in a film attends to, laid over its frames."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "clip",
    "Film",
    "widgets.views.clip.view:ClipView",
    frozenset({Capability.CLIP}),
    "What a part of a film attends to, laid over all its frames.",
    figures=("clip",),
)
