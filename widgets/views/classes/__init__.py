"""What the model calls the picture, after each layer."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "classes",
    "Classes",
    "widgets.views.classes.view:ClassesView",
    "classes.ClassesRequest",
    "What the model calls the picture, after each layer.",
)
