"""Word vectors: a map, neighbours, analogies, the sliding window that makes them, and training."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "embedding",
    "Word vectors",
    "widgets.views.embedding.view:EmbeddingView",
    frozenset(),
    "Vectors of words: map, neighbours, analogies, training.",
    figures=("embedding", "analogy", "sliding-window"),
)
