"""Films as visual words: what is hidden is named with the other side and without it, and films are gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward.masked_lm import predicted_word, probs_of
from inference.inputs.clips.preparing import PreparedClip, prepare_clip
from inference.inputs.images import MOST_SEED
from inference.models.videobert.model import VideoBert
from inference.models.videobert.reading import ReadSequence
from inference.results.inputs import ClipInput
from inference.results.visual_words import (
    MOST_AHEAD,
    MOST_GUESSES,
    N_FUTURES,
    VisualWordsRequest,
    VisualWordsResult,
)

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.model import Model

_N_PASSES = 7


def visual_words(request: VisualWordsRequest, model: Model, context: Context) -> VisualWordsResult:
    """Everything that is shown of a film and a text, in some twenty short passes.

    Parameters
    ----------
    context
        One checkpoint a kind of question.

    Raises
    ------
    Refused
        There is no such chip, or the first one that is shown lies after the last; a number is out of its range; the
        checkpoint has no visual words; else as `Model.encode`.
    """
    net = model.net
    if not isinstance(net, VideoBert):
        raise Refused(f"{model.info.name} knows no visual words of films.")
    n_chips = net.config.n_chips
    first, last = _shown(request, n_chips)
    prepared = model.prepare(request.input, context.checkpoint)
    assert isinstance(prepared, PreparedClip)
    encoded, before = model.encode(request.input), model.encode(request.input.unmasked())
    text = _ids_of_text(encoded.tensors, net)
    plain = _ids_of_text(before.tensors, net)
    with torch.inference_mode():
        film = net.vectors_of_film(encoded.tensors["pixel_values"])
        words = net.chips.words(film)
        asked = _Asked(model, net, film, words, tuple(range(first, last + 1)), request.top_k)
        hidden = tuple(sorted({chip for chip in request.hidden if first <= chip <= last}))
        context.checkpoint(0, _N_PASSES, "Naming what is hidden")
        of_words = asked.masked_words(text, plain, hidden)
        context.checkpoint(1, _N_PASSES, "Naming what is hidden")
        of_chips = asked.hidden_chips(text, hidden)
        context.checkpoint(2, _N_PASSES, "Comparing vectors")
        scores = asked.nce(text, hidden)
        context.checkpoint(3, _N_PASSES, "Text and film")
        fits = asked.fits(plain, words)
        assert model.preparation is not None
        n_frames = model.clips.n_frames(net.config)
        other = prepare_clip(_another(request.input.clip), model.preparation, n_frames, context.checkpoint)
        pixels = torch.from_numpy(other.all_values)[None].to(model.device, net.dtype)
        fits_other = asked.fits(plain, net.words_of_film(pixels))
        context.checkpoint(4, _N_PASSES, "From the text")
        from_text = asked.from_text(plain)
        context.checkpoint(5, _N_PASSES, "What comes next")
        futures = asked.futures(request.n_seen)
    step = net.config.frames_a_chip
    tokens = encoded.sequences["both"].taken(range(len(text)))
    return VisualWordsResult(
        tokens=tokens,
        positions=of_words.positions,
        original=of_words.original,
        guesses=of_words.guesses,
        guess_probs=of_words.probs,
        original_probs=of_words.original_probs,
        words=words.cpu().numpy(),
        hidden=np.array(hidden, np.int64),
        chip_guesses=of_chips[0],
        chip_probs=of_chips[1],
        truth_probs=of_chips[2],
        nce=scores,
        first=first,
        last=last,
        fits=fits,
        fits_other=fits_other,
        from_text=from_text[0],
        from_text_probs=from_text[1],
        n_seen=request.n_seen,
        futures=futures[0],
        future_probs=futures[1],
        frames=prepared.all_seen[step // 2 :: step],
        frame_numbers=prepared.frames,
        pictures=_array(net.chips.pictures)[:, step // 2],
        counts=_array(net.chips.counts).astype(np.int64),
        meanings=_meanings(_array(net.chips.happens), net.config.actions),
        said=" ".join(each.text for each in prepared.clip.narration) if prepared.clip else "",
        notes=encoded.notes,
    )


def _shown(request: VisualWordsRequest, n_chips: int) -> tuple[int, int]:
    """First and last chip that are shown, after all numbers were held to their ranges."""
    last = n_chips - 1 if request.last == -1 else request.last
    for name, chip in (
        ("First chip", request.first),
        ("Last chip", last),
        *(("Chip", each) for each in request.hidden),
    ):
        if not 0 <= chip < n_chips:
            raise Refused(f"{name} {chip} was asked for; a film has chips 0 to {n_chips - 1}.")
    if request.first > last:
        raise Refused(f"Chips {request.first} to {last} were asked for; the first one lies after the last.")
    if not 1 <= request.n_seen < n_chips:
        raise Refused(f"Futures of {request.n_seen} chips were asked for; 1 to {n_chips - 1} can be seen.")
    if not 1 <= request.top_k <= MOST_GUESSES:
        raise Refused(f"{request.top_k} guesses were asked for; 1 to {MOST_GUESSES} are told.")
    return request.first, last


def _meanings(happens: np.ndarray, actions: list[str]) -> tuple[tuple[str, float], ...]:
    """See `VisualWordsResult.meanings`; `happens` is int [word, action]."""
    if not happens.any():
        return ()
    return tuple((actions[int(row.argmax())], float(row.max() / max(row.sum(), 1))) for row in happens)


def _ids_of_text(tensors: dict[str, Tensor], net: VideoBert) -> tuple[int, ...]:
    """What is read before the sign that joins text and film."""
    ids = tensors["input_ids"][0].tolist()
    return tuple(ids[: ids.index(net.config.join_token_id)])


def _another(clip: ClipInput | None) -> ClipInput:
    """A drawn film that is another one."""
    seed = 0 if clip is None or clip.path else clip.seed + 1
    return ClipInput(seed=seed if seed < MOST_SEED // 2 else 0)


@dataclass(frozen=True)
class _OfWords:
    positions: np.ndarray
    original: tuple[str, ...]
    guesses: tuple[tuple[tuple[str, ...], ...], ...]
    probs: np.ndarray
    original_probs: np.ndarray


@dataclass(frozen=True)
class _Asked:
    """A model and a film, as functions of what is asked; `shown` are the chips that are."""

    model: Model
    net: VideoBert
    film: Tensor
    words: Tensor
    shown: tuple[int, ...]
    top_k: int

    def _read(
        self, text: tuple[int, ...], chips: dict[int, int | None] | None, *, with_vectors: bool = False
    ) -> ReadSequence:
        return ReadSequence.of(self.net, text, chips, self.film if with_vectors else None)

    def _chips(self, hidden: tuple[int, ...]) -> dict[int, int | None]:
        words = self.words.tolist()
        return {chip: None if chip in hidden else words[chip] for chip in self.shown}

    def masked_words(self, text: tuple[int, ...], plain: tuple[int, ...], hidden: tuple[int, ...]) -> _OfWords:
        """Words behind the masks of the text, with the film and without."""
        mask, n_words = self.net.config.mask_token_id, self.net.config.vocab_size
        positions = np.array([i for i, word in enumerate(text) if word == mask], np.int64)
        was = np.array(plain, np.int64)[positions]
        typed = was == mask
        guesses, probs, originals = [], [], []
        for chips in (self._chips(hidden), None):
            logits = self._read(text, chips).word_logits[torch.as_tensor(positions), :n_words]
            top = logits.softmax(-1).topk(min(self.top_k, n_words))
            guesses.append(
                tuple(tuple(predicted_word(self.model, word) for word in row) for row in top.indices.tolist())
            )
            probs.append(_array(top.values))
            originals.append(np.where(typed, np.float32(np.nan), probs_of(logits, was)))
        original = tuple("" if t else predicted_word(self.model, int(w)) for w, t in zip(was, typed, strict=True))
        return _OfWords(positions, original, tuple(guesses), np.stack(probs), np.stack(originals).astype(np.float32))

    def hidden_chips(self, text: tuple[int, ...], hidden: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Likeliest visual words, their probabilities, and those of the truth; with the text and without."""
        rows = []
        truth = self.words[list(hidden)][:, None]
        for said in (text, text[:1]):
            probs = self._read(said, self._chips(hidden)).chip_probs(hidden)
            top = probs.topk(self.top_k)
            rows.append((top.indices.cpu().numpy(), _array(top.values), _array(probs.gather(-1, truth)[:, 0])))
        guesses, probs, truths = (np.stack(each) for each in zip(*rows, strict=True))
        return guesses, probs, truths

    def nce(self, text: tuple[int, ...], hidden: tuple[int, ...]) -> np.ndarray:
        """See `VisualWordsResult.nce`."""
        candidates = torch.cat([self.film, self.net.vectors_of_pictures()])
        guesses = self._read(text, self._chips(hidden), with_vectors=True).guesses(hidden)
        return _array(self.net.nce(guesses, candidates).float().softmax(-1))

    def fits(self, text: tuple[int, ...], words: Tensor) -> float:
        """Probability that text and the words of a film belong together."""
        chips: dict[int, int | None] = {chip: int(words[chip]) for chip in self.shown}
        return float(self._read(text, chips).match_logit.sigmoid())

    def from_text(self, text: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Likeliest visual words of a text that nothing is shown beside."""
        middle = self.net.config.n_chips // 2
        top = self._read(text, {middle: None}).chip_probs((middle,))[0].topk(self.top_k)
        return top.indices.cpu().numpy(), _array(top.values)

    def futures(self, n_seen: int) -> tuple[np.ndarray, np.ndarray]:
        """See `VisualWordsResult.futures`; the film alone is read."""
        start = (self.net.config.cls_token_id,)
        n_ahead = min(MOST_AHEAD, self.net.config.n_chips - n_seen)
        seen: dict[int, int | None] = dict(enumerate(self.words[:n_seen].tolist()))
        first = self._read(start, {**seen, n_seen: None}).chip_probs((n_seen,))[0].topk(N_FUTURES)
        futures, probs = [], []
        for word, prob in zip(first.indices.tolist(), first.values.tolist(), strict=True):
            known, told, sure = {**seen, n_seen: word}, [word], [prob]
            for chip in range(n_seen + 1, n_seen + n_ahead):
                next_one = self._read(start, {**known, chip: None}).chip_probs((chip,))[0].max(-1)
                known[chip] = int(next_one.indices)
                told.append(known[chip])
                sure.append(float(next_one.values))
            futures.append(told)
            probs.append(sure)
        return np.array(futures, np.int64), np.array(probs, np.float32)


def _array(tensor: object) -> np.ndarray:
    assert isinstance(tensor, torch.Tensor)
    array = tensor.detach().cpu()
    return np.array((array.float() if array.is_floating_point() else array).numpy())
