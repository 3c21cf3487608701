"""word2vec: vectors that foretell which words stand near each other, by skip-gram or CBOW with negative sampling.

Everything is as in word2vec.c (Google, 2013): the window of each word is shrunk to 1 to `window` at random, frequent
words are left out at random, noise words are drawn in proportion to their counts to the power of 0.75 and skipped where
they are the word itself, the rate falls linearly to a ten thousandth, the vectors of words begin at random and those of
contexts at zero, and CBOW takes the mean of a window.

What differs, so that NumPy can do it: windows are worked through in batches, each of whose gradients are of the vectors
before it, in random order within a stretch of the text; the noise words of a place are shared by all pairs of its
window (Ji et al. 2016); and the sigmoid is exact instead of a table.

References
----------
Mikolov et al. 2013a, "Efficient Estimation of Word Representations in Vector Space"; Mikolov et al. 2013b, "Distributed
Representations of Words and Phrases and their Compositionality", sections 2.2 and 2.3; Ji et al. 2016, "Parallelizing
Word2Vec in Shared and Distributed Memory", section 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.special import expit

from inference.results.train_word2vec import Word2VecSettings

Vectors = NDArray[Any]
WordIds = NDArray[Any]

NOISE_POWER = 0.75
LEAST_RATE = 1e-4  # of the first one
_STRETCH = 20_000  # words of the text whose windows are shuffled together
_MOST_A_BATCH, _LEAST_A_BATCH = 256, 16
_WORDS_A_WINDOW = 8  # a batch has a window for so many words of the vocabulary: more would pull one word at once


class Windows(NamedTuple):
    """Places of a text, each with what stands around it and the noise it is told from.

    Attributes
    ----------
    centres
        [place], the words.
    contexts, is_near
        [place, 2 * window], words around them, and whether there is one.
    noise, is_noise
        [place, n_negative], words drawn at random, and whether it is not the centre itself.
    """

    centres: WordIds
    contexts: WordIds
    is_near: NDArray[np.bool_]
    noise: WordIds
    is_noise: NDArray[np.bool_]


class Gradients(NamedTuple):
    """Of the summed loss: by the vectors of the contexts [place, context, d], of centre and noise [place, 1 + n, d]."""

    loss: float
    n_pairs: int
    contexts: Vectors
    targets: Vectors


def keep_probability(counts: NDArray[Any], sample: float) -> NDArray[np.float64]:
    """How likely each word is not left out of the text, [word]: (√(f/t) + 1) t/f of its share f, at most 1."""
    if not sample:
        return np.ones(len(counts))
    threshold = sample * counts.sum()
    with np.errstate(divide="ignore"):
        share = threshold / counts
    return np.minimum(np.sqrt(share) + share, 1.0)


def noise_probability(counts: NDArray[Any]) -> NDArray[np.float64]:
    """How likely each word is drawn as noise, [word]."""
    weights = counts.astype(np.float64) ** NOISE_POWER
    return weights / weights.sum()


def scores_loss(scores: Vectors, *, is_target: bool) -> Vectors:
    """-log σ(u·v) of a word that stands there, -log σ(-u·v) of noise."""
    return np.logaddexp(0, -scores if is_target else scores)


def skip_gram_gradients(contexts: Vectors, targets: Vectors, windows: Windows) -> Gradients:
    """Loss of all pairs of all windows and its gradients; the first target is the centre, the others are noise.

    Each word of a window foretells the centre, as word2vec.c has it.

    Parameters
    ----------
    contexts, targets
        [place, context, d] and [place, 1 + noise, d]: vectors of words, and vectors of contexts.
    """
    scores = contexts @ targets.swapaxes(1, 2)  # [place, context, 1 + noise]
    counts = windows.is_near[:, :, None] & _is_target(windows)[:, None, :]
    loss = _total(scores, counts)
    errors = _errors(scores, counts)
    return Gradients(loss, int(windows.is_near.sum()), errors @ targets, errors.swapaxes(1, 2) @ contexts)


def cbow_gradients(contexts: Vectors, targets: Vectors, windows: Windows) -> Gradients:
    """The same where the mean of a window foretells the centre: one loss a place."""
    near = windows.is_near[:, :, None].astype(contexts.dtype)
    n_near = np.maximum(near.sum(1, keepdims=True), 1)
    mean = (contexts * near).sum(1, keepdims=True) / n_near  # [place, 1, d]
    scores = mean @ targets.swapaxes(1, 2)
    is_there = windows.is_near.sum(1) > 0
    counts = np.logical_and(is_there[:, None], _is_target(windows))[:, None, :]
    loss = _total(scores, counts)
    errors = _errors(scores, counts)
    return Gradients(loss, int(is_there.sum()), (errors @ targets) * near / n_near, errors.swapaxes(1, 2) @ mean)


def _is_target(windows: Windows) -> NDArray[np.bool_]:
    return np.concatenate([np.ones((len(windows.centres), 1), bool), windows.is_noise], 1)


def _total(scores: Vectors, counts: NDArray[np.bool_]) -> float:
    losses = np.concatenate(
        [scores_loss(scores[..., :1], is_target=True), scores_loss(scores[..., 1:], is_target=False)], -1
    )
    return float((losses * counts).sum(dtype=np.float64))


def _errors(scores: Vectors, counts: NDArray[np.bool_]) -> Vectors:
    errors = expit(scores)
    errors[..., 0] -= 1
    errors *= counts
    return errors


@dataclass(eq=False)
class Trainer:
    """Vectors while they are trained.

    Attributes
    ----------
    counts
        int64 [word], in the text.
    inputs, outputs
        float32 [word, d]: vectors of words, and vectors of contexts.
    n_stretches
        Of the text that were gone through, in all epochs.
    """

    counts: NDArray[np.int64]
    settings: Word2VecSettings
    inputs: NDArray[np.float32] = field(init=False)
    outputs: NDArray[np.float32] = field(init=False)
    n_stretches: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.settings.seed)
        shape = (len(self.counts), self.settings.d_model)
        self.inputs = ((self._rng.random(shape, np.float32) - 0.5) / shape[1]).astype(np.float32)
        self.outputs = np.zeros(shape, np.float32)
        self._keep = keep_probability(self.counts, self.settings.sample)
        self._noise = np.cumsum(noise_probability(self.counts))
        self._n_batch = int(np.clip(len(self.counts) // _WORDS_A_WINDOW, _LEAST_A_BATCH, _MOST_A_BATCH))

    @property
    def random(self) -> dict[str, Any]:
        """State of the generator."""
        return dict(self._rng.bit_generator.state)

    def restore(self, n_stretches: int, random: dict[str, Any], inputs: Vectors, outputs: Vectors) -> None:
        """Stand behind so many stretches, as if they had been trained now.

        Raises
        ------
        ValueError
            The parts are not of such a run.
        """
        for table in (inputs, outputs):
            if table.shape != self.inputs.shape or table.dtype != np.float32 or not np.isfinite(table).all():
                raise ValueError("vectors of another vocabulary or width")
        if n_stretches < 0:
            raise ValueError("fewer than no stretches")
        self._rng.bit_generator.state = random
        self.n_stretches, self.inputs, self.outputs = n_stretches, inputs, outputs

    def train(self, text: WordIds) -> Iterator[tuple[float, float]]:
        """Go through the text; after each stretch the share of all work that is done, and the mean loss of its pairs.

        What was gone through before a stop is passed over.

        Parameters
        ----------
        text
            Words in a row, -1 where a sentence ends.
        """
        settings = self.settings
        total = max(settings.epochs * len(text), 1)
        starts = [(epoch, start) for epoch in range(settings.epochs) for start in range(0, len(text), _STRETCH)]
        for epoch, start in starts[self.n_stretches :]:
            stretch = text[start : start + _STRETCH]
            loss, n_pairs = 0.0, 0
            place = epoch * len(text) + start
            windows = self._windows(stretch)
            n_places = max(len(windows.centres), 1)
            for first in range(0, len(windows.centres), self._n_batch):
                batch = Windows(*(part[first : first + self._n_batch] for part in windows))
                done = (place + len(stretch) * first / n_places) / total
                found = self._step(batch, settings.rate * max(1 - done, LEAST_RATE))
                loss, n_pairs = loss + found.loss, n_pairs + found.n_pairs
            self.n_stretches += 1
            yield min((place + len(stretch)) / total, 1.0), loss / n_pairs if n_pairs else float("nan")

    def _windows(self, stretch: WordIds) -> Windows:
        """The places of a stretch in random order, words left out, windows shrunk, noise drawn."""
        rng, settings = self._rng, self.settings
        is_kept = (stretch < 0) | (rng.random(len(stretch)) < self._keep[np.maximum(stretch, 0)])
        stretch = stretch[is_kept]
        sentence = np.cumsum(stretch < 0)
        words, sentence = stretch[stretch >= 0], sentence[stretch >= 0]
        half = rng.integers(1, settings.window + 1, len(words))
        return self._with_noise(rng.permutation(len(words)), words, sentence, half)

    def _with_noise(self, places: WordIds, words: WordIds, sentence: WordIds, half: WordIds) -> Windows:
        contexts, is_near = around(words, sentence, half, self.settings.window)
        noise = np.searchsorted(self._noise, self._rng.random((len(words), self.settings.n_negative)))
        noise = np.minimum(noise, len(self.counts) - 1)
        windows = Windows(words, contexts, is_near, noise, noise != words[:, None])
        has_any = places[is_near[places].any(1)]
        return Windows(*(part[has_any] for part in windows))

    def _step(self, windows: Windows, rate: float) -> Gradients:
        """Move the vectors of a batch against its gradients."""
        targets = np.concatenate([windows.centres[:, None], windows.noise], 1)
        is_cbow = self.settings.objective == "cbow"
        find = cbow_gradients if is_cbow else skip_gram_gradients
        found = find(self.inputs[windows.contexts], self.outputs[targets], windows)
        contexts = found.contexts
        if is_cbow:
            # word2vec.c adds the gradient of the mean to each word of the window as it is, not its share of it.
            contexts = contexts * windows.is_near.sum(1)[:, None, None]
        subtract(self.outputs, targets, rate * found.targets)
        subtract(self.inputs, windows.contexts, rate * contexts)
        return found


def around(words: WordIds, sentence: WordIds, half: WordIds, window: int) -> tuple[WordIds, NDArray[np.bool_]]:
    """Words around each word, [word, 2 * window], and whether there is one: in its sentence, at most `half` away."""
    offsets = np.concatenate([np.arange(-window, 0), np.arange(1, window + 1)])
    places = np.arange(len(words))[:, None] + offsets
    is_near = (places >= 0) & (places < len(words)) & (np.abs(offsets) <= half[:, None])
    places = np.clip(places, 0, max(len(words) - 1, 0))
    is_near &= sentence[places] == sentence[:, None] if len(words) else False
    return np.where(is_near, words[places] if len(words) else 0, 0), is_near


def subtract(table: NDArray[np.float32], rows: WordIds, values: Vectors) -> None:
    """Take values from rows of a table; what is of the same row is summed up."""
    flat = rows.ravel()
    changed, place = np.unique(flat, return_inverse=True)
    n = len(flat)
    summing = csr_array((np.ones(n, np.float32), (place, np.arange(n))), shape=(len(changed), n), dtype=np.float32)
    table[changed] -= summing @ values.reshape(n, -1).astype(np.float32, copy=False)
