"""Attention that does without the whole pattern, beside the exact one."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "approximation",
    "Cheaper attention",
    "widgets.views.approximation.view:ApproximationView",
    "approximation.ApproximationRequest",
    "Linformer, Performer and Nyström on a head's own queries and keys: how far from its pattern, and at what cost.",
    figures=("approximation",),
)
