"""All layers and heads at a glance: click one to select it everywhere."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "heads",
    "Heads",
    "widgets.views.heads.view:HeadsView",
    frozenset({Capability.ATTENTION}),
    "All layers and heads at a glance: click one to select it everywhere.",
    figures=("heads",),
)
