"""What word2vec makes of one text: which words it leaves out, each window, the pairs, the noise, and the losses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inference.models.text_ngrams import words_with_places
from inference.models.word2vec import around, keep_probability, noise_probability, scores_loss
from inference.models.word2vec_corpus import is_sentence_end
from inference.models.word_vectors import WordVectors
from inference.results.embedding import SlidingWindowResult, SlidingWindowStep

_ZIPF_SHIFT = 2.7  # Mandelbrot 1953: the r-th word has a share of about 1 / (r + 2.7)


def written_words(text: str) -> tuple[list[str], list[int]]:
    """Words as they are written, without signs, and which sentence each is of."""
    words, sentences, sentence = [], [], 0
    for _, start, end in words_with_places(text):
        word = text[start:end]
        if word[0].isalnum():
            words.append(word)
            sentences.append(sentence)
        sentence += is_sentence_end(word)
    return words, sentences


def frequencies(vectors: WordVectors) -> tuple[NDArray[np.float64], str]:
    """How often each word is in a text, in parts of it, and a sentence where that is not known but assumed."""
    if vectors.counts is not None:
        return vectors.counts.astype(np.float64), ""
    n = len(vectors.words)
    if vectors.is_ranked:
        shares = 1 / (np.arange(n) + 1 + _ZIPF_SHIFT)
        return (
            shares / shares.sum(),
            "How frequent words are is not in the file; Zipf's law is assumed for its order.",
        )
    return np.full(n, 1 / n), "Tokens have no counts: none is left out, and all are equally likely as noise."


def slide(
    vectors: WordVectors,
    text: str,
    name: str,
    *,
    window: int,
    n_negative: int,
    sample: float,
    seed: int,
) -> SlidingWindowResult:
    """Let a window slide over a text once.

    What is random comes of `seed`: which words are left out, how far each window is shrunk, the noise words.
    """
    rng = np.random.default_rng(seed)
    words, sentences = written_words(text)
    places = [vectors.find(word) for word in words]
    is_known = np.array([place is not None for place in places], bool)
    known = np.flatnonzero(is_known)
    ids = np.array([place for place in places if place is not None], np.int64)
    counts, note = frequencies(vectors)
    is_counted = vectors.counts is not None or vectors.is_ranked
    keep = np.full(len(words), np.nan)
    keep[known] = keep_probability(counts, sample)[ids] if is_counted else 1.0
    is_kept = np.zeros(len(words), bool)
    is_kept[known] = rng.random(len(known)) < keep[known]
    kept = np.flatnonzero(is_kept)
    kept_ids = ids[is_kept[known]]
    half = rng.integers(1, window + 1, len(kept))
    of_sentence = np.array(sentences, np.int64)[kept]
    # Which of the kept words are near: their numbers stand for the words themselves.
    near, is_near = around(np.arange(len(kept)), of_sentence, half, window)
    noise = rng.choice(len(counts), (len(kept), n_negative), p=noise_probability(counts))
    outputs = vectors.inputs if vectors.outputs is None else vectors.outputs
    notes = [note] if note else []
    if vectors.outputs is None:
        notes.append("There are no vectors of contexts here; those of words stand for them, so losses are too large.")

    def steps() -> Iterator[SlidingWindowStep]:
        for number, centre in enumerate(kept_ids):
            chosen = near[number][is_near[number]]
            if not len(chosen):
                continue
            of_near = vectors.inputs[kept_ids[chosen]].astype(np.float64)
            targets = outputs[[centre, *noise[number]]].astype(np.float64)
            is_noise = np.array([True, *(noise[number] != centre)])
            scores = np.where(is_noise, of_near @ targets.T, np.nan)
            of_mean = np.where(is_noise, of_near.mean(0) @ targets.T, np.nan)
            yield SlidingWindowStep(
                centre=int(kept[number]),
                half_width=int(half[number]),
                contexts=tuple(kept[chosen].tolist()),
                negatives=tuple(vectors.words[place] for place in noise[number]),
                scores=scores,
                cbow_scores=of_mean,
                skip_gram_loss=float(_losses(scores).mean()),
                cbow_loss=float(_losses(of_mean)),
            )

    return SlidingWindowResult(name, tuple(words), is_known, keep, is_kept, window, tuple(steps()), tuple(notes))


def _losses(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """[..., 1 + noise] to [...]."""
    noise = scores[..., 1:]
    is_noise = ~np.isnan(noise)
    of_noise = scores_loss(np.where(is_noise, noise, 0), is_target=False) * is_noise
    return scores_loss(scores[..., 0], is_target=True) + of_noise.sum(-1)
