"""What a patch of the image attends to, laid over the image: heads, layers, rollout."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "patches",
    "Patches",
    "widgets.views.patches.view:PatchesView",
    frozenset({Capability.PATCHES}),
    "What a part of the image attends to, laid over the image.",
    figures=("patches",),
)
