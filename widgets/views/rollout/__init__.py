"""Attention rolled out over the layers: how much of each token is in what stands at a place above them."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "rollout",
    "Rollout",
    "widgets.views.rollout.view:RolloutView",
    "rollout.RolloutRequest",
    "Attention rolled out over the layers: how much of each token is in what stands at a place above them.",
    figures=("rollout",),
)
