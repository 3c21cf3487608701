"""Word vectors: a map, neighbours, analogies, the sliding window that makes them, and training."""

from widgets.view_entry import ViewEntry

ENTRY = ViewEntry(
    "embedding",
    "Word vectors",
    "widgets.views.embedding.view:EmbeddingView",
    frozenset(),
    "Vectors of words by word2vec: a map, neighbours, analogies, the window that makes them, and training.",
    figures=("embedding", "analogy", "sliding-window"),
)
