"""Word vectors by counting: positive pointwise mutual information and a singular value decomposition.

References
----------
Levy, Goldberg and Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word Embeddings": contexts
smoothed by 0.75, windows weighted as if they were shrunk at random, singular values to the power of one half.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.linalg import svds

from inference.models.word2vec_corpus import NumberedText
from inference.models.word_vectors import WordVectors

_SMOOTHING = 0.75


def counted_vectors(text: NumberedText, n_words: int, d_model: int, window: int) -> WordVectors:
    """Vectors of the most frequent words, from how often each stands near each."""
    cells = csr_array((n_words, n_words))
    sentence = np.cumsum(text.ids < 0)[text.ids >= 0]
    words = text.ids[text.ids >= 0]
    for apart in range(1, window + 1):
        first, second = words[:-apart], words[apart:]
        counts = (sentence[:-apart] == sentence[apart:]) & (first < n_words) & (second < n_words)
        weight = np.full(int(counts.sum()), (window - apart + 1) / window)
        cells = cells + coo_array((weight, (first[counts], second[counts])), shape=(n_words, n_words)).tocsr()
    cells = (cells + cells.T).tocoo()
    of_words = np.asarray(cells.sum(1)).ravel()
    of_contexts = of_words**_SMOOTHING
    row, column = cells.coords
    chance = of_words[row] / of_words.sum() * of_contexts[column] / of_contexts.sum()
    information = np.maximum(np.log(cells.data / cells.data.sum() / chance), 0)
    left, lengths, _ = svds(
        csr_array((information, (row, column)), shape=cells.shape), d_model, rng=np.random.default_rng(0)
    )
    return WordVectors(text.words[:n_words], (left * np.sqrt(lengths)).astype(np.float32))
