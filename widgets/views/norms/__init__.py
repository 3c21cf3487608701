"""The residual stream: what attention and MLP add to it, and what the norms make of it."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "norms",
    "Residual stream",
    "widgets.views.norms.view:NormsView",
    frozenset({Capability.ATTENTION, Capability.RESIDUAL_STREAM}),
    "How large every state is, and what attention and MLP add.",
    figures=("norms",),
)
