"""All layers and heads at a glance: click one to select it everywhere."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "heads",
    "Heads",
    "widgets.views.heads.view:HeadsView",
    "heads.HeadsRequest",
    "All layers and heads at a glance: click one to select it everywhere.",
    figures=("heads",),
)
