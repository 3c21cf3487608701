"""word2vec trained on a text while one looks on."""

from __future__ import annotations

import io
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Cancelled, Refused
from inference.files.json_file import read_bytes, utf8_text
from inference.models.text_ngrams import TextNgrams
from inference.models.word2vec import Trainer
from inference.models.word2vec_corpus import NumberedText, corpus_of, drawn_sentences, sentences_of
from inference.models.word_maps import principal_plane, turned_onto
from inference.models.word_vectors import WordVectors
from inference.results.train_word2vec import (
    MOST_D_MODEL,
    MOST_DRAWN_WORDS,
    MOST_EPOCHS,
    MOST_MAPPED,
    MOST_NEGATIVE,
    MOST_TEXT_BYTES,
    MOST_WINDOW,
    VECTOR_ENDINGS,
    TrainWord2VecRequest,
    TrainWord2VecResult,
)
from inference.training.unfinished_vectors import (
    digest,
    forget_unfinished,
    go_on,
    keep_unfinished,
    reserved_vectors,
)
from resources import NGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from inference.context import Context

_SECONDS_A_LOOK = 1.5
_SECONDS_KEPT = 5.0  # what a killed process loses at most, with the stretch of the text that it was at
_SECONDS_A_SAVE = 10.0
_STEPS = 1_000  # of the progress that is told
_N_NEAR = 6
_EVERY = 5_000  # lines after which reading can be stopped


def train_word2vec(
    request: TrainWord2VecRequest, context: Context, clock: Callable[[], float] = time.monotonic
) -> TrainWord2VecResult:
    """Train, tell every other second what was learned, and save it every ten seconds and at the end.

    What is needed to go on is kept beside it every five seconds until the end.

    Parameters
    ----------
    context
        A checkpoint a stretch of the text.

    Raises
    ------
    Refused
        A number is out of bounds; the text cannot be read or has too few words; the vectors cannot be saved, or
        another process trains them.
    """
    _check(request)
    out = Path(request.out)
    if out.suffix not in VECTOR_ENDINGS:
        raise Refused(f"{out.name} ends in none of {', '.join(VECTOR_ENDINGS)}.")
    if not out.parent.is_dir():
        raise Refused(f"There is no folder {out.parent} to save {out.name} in.")
    with reserved_vectors(out):
        return _train(request, context, clock)


def _train(request: TrainWord2VecRequest, context: Context, clock: Callable[[], float]) -> TrainWord2VecResult:
    out, text = Path(request.out), _text(request, context)
    trainer, words = Trainer(text.counts, request.settings), digest(text)
    look = _Looks(request, text, trainer, *go_on(request, trainer, words))
    seen = kept = saved = clock()
    losses: list[float] = []
    try:
        context.partial(look(look.share, float("nan")))
        for share, loss in trainer.train(text.ids):
            losses.append(loss)
            context.checkpoint(round(_STEPS * share), _STEPS, f"Training, loss {loss:.3f}")
            if clock() - seen >= _SECONDS_A_LOOK:
                context.partial(look(share, float(np.nanmean(losses))))
                seen, losses = clock(), []
            if clock() - kept >= _SECONDS_KEPT:
                _keep(request, trainer, words, look)
                kept = clock()
            if clock() - saved >= _SECONDS_A_SAVE:
                _save(text, trainer, out)
                saved = clock()
    except Cancelled:
        if trainer.n_stretches:
            _keep(request, trainer, words, look)
            _save(text, trainer, out)
        raise
    _save(text, trainer, out)
    with _saving(out):
        forget_unfinished(request)
    return look(1.0, float(np.nanmean(losses)) if losses else float("nan"))


def _check(request: TrainWord2VecRequest) -> None:
    settings = request.settings
    for what, value, low, high in (
        ("Numbers a vector", settings.d_model, 2, MOST_D_MODEL),
        ("Words to either side", settings.window, 1, MOST_WINDOW),
        ("Noise words", settings.n_negative, 1, MOST_NEGATIVE),
        ("Epochs", settings.epochs, 1, MOST_EPOCHS),
        ("The least count of a word", request.min_count, 1, 1_000_000),
        ("Words that are drawn", request.n_drawn, 1_000, MOST_DRAWN_WORDS),
        ("Words on the map", request.n_mapped, 2, MOST_MAPPED),
        ("The seed", settings.seed, 0, 2**31 - 1),
    ):
        if not low <= value <= high:
            raise Refused(f"{what}: {value:,} was asked for; {low:,} to {high:,} is allowed.")
    for what, value, high in (("The rate", settings.rate, 1.0), ("The share to leave out above", settings.sample, 1.0)):
        if not 0 <= value <= high:
            raise Refused(f"{what} is {value:g}; 0 to {high:g} is allowed.")


def _text(request: TrainWord2VecRequest, context: Context) -> NumberedText:
    name = Path(request.text).name if request.text else "the drawn text"
    context.checkpoint(0, _STEPS, "Reading the text" if request.text else "Drawing a text from n-grams")
    if request.text:
        lines = utf8_text(read_bytes(Path(request.text), MOST_TEXT_BYTES), name)
        sentences = sentences_of(_stoppable(lines, context))
    else:
        sentences = drawn_sentences(TextNgrams.load(NGRAMS), request.n_drawn, request.settings.seed)
    try:
        return corpus_of(sentences, request.min_count)
    except ValueError as error:
        raise Refused(f"{name} cannot be learned from: {error}.") from error


def _stoppable(text: str, context: Context) -> Iterable[str]:
    for number, line in enumerate(io.StringIO(text)):
        if number % _EVERY == 0:
            context.checkpoint()
        yield line


def _save(text: NumberedText, trainer: Trainer, out: Path) -> None:
    vectors = WordVectors(text.words, trainer.inputs, trainer.outputs, text.counts, settings=trainer.settings)
    with _saving(out):
        vectors.save(out)


def _keep(request: TrainWord2VecRequest, trainer: Trainer, words: str, look: _Looks) -> None:
    out = Path(request.out)
    with _saving(out):
        keep_unfinished(request, trainer, words, look.shares, look.losses)


@contextmanager
def _saving(out: Path) -> Iterator[None]:
    """What goes wrong with the disk, in one sentence."""
    try:
        yield
    except OSError as error:
        raise Refused(f"{out.name} cannot be saved: {error.strerror}.") from error


class _Looks:
    """What is told of vectors while they are trained; each map lies as the one before."""

    def __init__(
        self,
        request: TrainWord2VecRequest,
        text: NumberedText,
        trainer: Trainer,
        shares: list[float],
        losses: list[float],
    ) -> None:
        self._request, self._text, self._trainer = request, text, trainer
        self.shares, self.losses = shares, losses
        self._before: np.ndarray | None = None
        places = {word: place for place, word in enumerate(text.words)}
        self._watched = [places[word] for word in dict.fromkeys(request.watched) if word in places]
        self._mapped = [places[word] for word in dict.fromkeys(request.mapped) if word in places][:MOST_MAPPED]
        if len(self._mapped) < 2:
            self._mapped = list(range(min(request.n_mapped, len(text.words))))

    @property
    def share(self) -> float:
        """Of the work, at the last look."""
        return self.shares[-1] if self.shares else 0.0

    def __call__(self, share: float, loss: float) -> TrainWord2VecResult:
        vectors = WordVectors(self._text.words, self._trainer.inputs)
        if np.isfinite(loss):
            self.shares.append(share)
            self.losses.append(loss)
        places, explained = principal_plane(vectors.unit[self._mapped])
        if self._before is not None:
            places = turned_onto(places, self._before)
        self._before = places
        n_near = min(_N_NEAR, len(vectors.words) - 1)
        near = [vectors.nearest(vectors.unit[place], n_near, (place,)) for place in self._watched]
        return TrainWord2VecResult(
            text=Path(self._request.text).name if self._request.text else "",
            settings=self._request.settings,
            n_words=self._text.n_words,
            n_vocabulary=len(self._text.words),
            share=share,
            shares=np.array(self.shares),
            losses=np.array(self.losses),
            words=tuple(vectors.words[place] for place in self._mapped),
            places=places,
            explained=explained,
            watched=tuple(vectors.words[place] for place in self._watched),
            neighbours=tuple(tuple(vectors.words[place] for place in found) for found, _ in near),
            cosines=np.stack([cosines for _, cosines in near]) if near else np.zeros((0, n_near)),
            out=self._request.out,
        )
