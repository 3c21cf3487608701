"""How alike the heads of a layer are."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "head_similarity",
    "Head similarity",
    "widgets.views.head_similarity.view:HeadSimilarityView",
    frozenset({Capability.ATTENTION}),
    "How alike the heads of a layer attend.",
    figures=("head-similarity",),
)
