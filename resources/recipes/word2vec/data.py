"""The English text that the bundled word vectors are trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from inference.models.word2vec_corpus import NumberedText, corpus_of, sentences_of
from resources.recipes.corpus import load_corpus

SOURCES = ("tatoeba", "common_voice", "captions", "stories", "news")
MIN_COUNT = 5


def training_text(data: Path, *, is_shuffled: bool = False, seed: int = 0) -> NumberedText:
    """All sentences of the train split, in random order; shuffled: the same words, each at any place of the text."""
    rng = np.random.default_rng(seed)
    of_source = load_corpus(data, "train").all_sentences()
    lines = [sentence for source in SOURCES for sentence in of_source[source]]
    text = corpus_of(sentences_of(lines[place] for place in rng.permutation(len(lines))), MIN_COUNT)
    if is_shuffled:
        ids = text.ids.copy()
        ids[ids >= 0] = rng.permutation(ids[ids >= 0])
        text = NumberedText(text.words, text.counts, ids, text.n_words)
    return text
