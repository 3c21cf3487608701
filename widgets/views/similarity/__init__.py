"""How alike images and texts are."""

from inference.results.request import Capability
from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "similarity",
    "Similarity",
    "widgets.views.similarity.view:SimilarityView",
    frozenset({Capability.COMPARISON}),
    "Every image with every text: how alike, and which belongs to which.",
    figures=("similarity",),
)
