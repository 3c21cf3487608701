"""Attention that does without the whole pattern, beside the exact one."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "approximation",
    "Cheaper attention",
    "widgets.views.approximation.view:ApproximationView",
    frozenset({Capability.QK}),
    "Linformer, Performer and Nyström beside a head's exact attention.",
    figures=("approximation",),
)
