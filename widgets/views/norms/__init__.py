"""The residual stream: what attention and MLP add to it, and what the norms make of it."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "norms",
    "Residual stream",
    "widgets.views.norms.view:NormsView",
    "norms.NormsRequest",
    "How large the state of every token is, what attention and MLP add to it, and where the norms stand.",
    figures=("norms",),
)
