"""Attention rolled out over the layers: how much of each token is in what stands at a place above them."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "rollout",
    "Rollout",
    "widgets.views.rollout.view:RolloutView",
    frozenset({Capability.ATTENTION}),
    "How much of each place stands in each other one, layer by layer.",
    figures=("rollout",),
)
