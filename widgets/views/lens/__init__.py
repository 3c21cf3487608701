"""What every layer would say, if it were the last."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "lens",
    "Logit lens",
    "widgets.views.lens.view:LensView",
    frozenset({Capability.UNEMBEDDING}),
    "What every layer would say at every token, if it were the last.",
    figures=("lens",),
)
