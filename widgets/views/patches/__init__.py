"""What a patch of the picture looks at, laid over the picture: heads, layers, rollout."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "patches",
    "Patches",
    "widgets.views.patches.view:PatchesView",
    "patches.PatchesRequest",
    "What a patch of the picture looks at, laid over the picture: heads, layers, rollout.",
)
