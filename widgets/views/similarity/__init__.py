"""How alike the heads of a layer are."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "similarity",
    "Similarity",
    "widgets.views.similarity.view:SimilarityView",
    "similarity.SimilarityRequest",
    "How alike the heads of a layer are in what they attend to: heads that do the same work stand out.",
    figures=("similarity",),
)
