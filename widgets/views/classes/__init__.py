"""What the model calls the image, after each layer."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "classes",
    "Classes",
    "widgets.views.classes.view:ClassesView",
    frozenset({Capability.CLASSES}),
    "What the model calls the image, after each layer.",
    figures=("classes",),
)
