"""What the model calls the image, after each layer."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "classes",
    "Classes",
    "widgets.views.classes.view:ClassesView",
    "classes.ClassesRequest",
    "What the model calls the image, after each layer.",
    figures=("classes",),
    about_model="image",
)
