"""What a patch of the image attends to, laid over the image: heads, layers, rollout."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "patches",
    "Patches",
    "widgets.views.patches.view:PatchesView",
    "patches.PatchesRequest",
    "What a patch of the image attends to, laid over the image: heads, layers, rollout.",
    figures=("patches",),
    about_model="image",
)
