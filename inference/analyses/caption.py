"""A model writes what it sees in an image, from either end of the sentence, with its eyes open or shut."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers.modeling_outputs import BaseModelOutput

from inference.context import Refused
from inference.forward import decoding
from inference.forward.decoding import Rules
from inference.forward.expectations import text_of
from inference.forward.writer import Writer
from inference.forward.writing import GrowingPatterns, Writing, write_on
from inference.inputs.read_alike import notes_of_unknown_words
from inference.inputs.seen import seen_image
from inference.inputs.written import longest_target, start_token
from inference.results.caption import CaptionRequest, CaptionResult, with_caption
from inference.results.decoding import Decoding

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.family.captioning import CaptionWriting
    from inference.forward.model import Model
    from inference.results.image import ImageResult


def caption(request: CaptionRequest, model: Model, context: Context) -> CaptionResult:
    """Write a caption, and tell at each place what was expected there and what was attended to in the image.

    Parameters
    ----------
    context
        One checkpoint a token.

    Raises
    ------
    Refused
        The model does not write captions, or not from the end; there is no image; a number out of its range; a prefix
        that leaves no room; else as `Model.encode`.
    """
    return write_on(model, request, lambda: _begin(request, model, context), context)


def _begin(request: CaptionRequest, model: Model, context: Context) -> _Captioning:
    decoding.check(request.decoding, request.most, request.n_candidates)
    family, config = model.captions, model.net.config
    way = family.caption_writing_from_end(config) if request.is_from_end else family.caption_writing(config)
    given = _given(model, request, way)
    room = longest_target(config)
    if room and len(given) > room:
        raise Refused(f"The caption begins with {len(given)} tokens; the decoder takes {room}.")
    prepared = model.prepare(request.input)
    picture = seen_image(prepared, model.images.grid(way.group, config, prepared.shape))
    context.checkpoint(0, 0, "Reading the image")
    encoded = model.encode(with_caption(request.input, "", (start_token(config),)))
    started = time.monotonic()
    read = _read(model, encoded.tensors["pixel_values"], is_blind=request.is_blind)
    took = time.monotonic() - started
    tensors = {"decoder_input_ids": torch.tensor([given], device=model.device), "encoder_outputs": read}
    writer = Writer(model, tensors, **way.more)
    longest = len(given) + request.most
    rules = _rules(model, way, len(given), min(longest, room) if room else longest)
    writing = Writing(
        model, request.decoding, request.n_candidates, rules, writer, request.is_from_end, reading_seconds=took
    )
    group = next(group for group in model.info.groups if group.name == way.group)
    return _Captioning(request, model, way, picture, read, writing, GrowingPatterns(writing, group))


def _given(model: Model, request: CaptionRequest, way: CaptionWriting) -> list[int]:
    """Token ids that the decoder is given first, in the order of writing: its start token and the prefix."""
    if request.prefix_ids is not None:
        return list(request.prefix_ids)
    if not request.prefix:
        return [way.start]
    if model.tokenizer is None:
        raise Refused(f"{model.info.name} has no tokenizer, so its caption cannot begin with words.")
    words = model.encode(with_caption(request.input, request.prefix)).sequences["target"].ids[1:].tolist()
    return [way.start, *(reversed(words) if request.is_from_end else words)]


@torch.inference_mode()
def _read(model: Model, pixels: Tensor, *, is_blind: bool) -> Any:
    """What the decoder is told of the image, or the same with nothing in it."""
    read = model.net.get_encoder()(pixels)
    states = read.last_hidden_state
    return BaseModelOutput(last_hidden_state=torch.zeros_like(states) if is_blind else states)


def _rules(model: Model, way: CaptionWriting, n_given: int, longest: int) -> Rules:
    said = model.net.generation_config
    if way.end is not None:
        said = copy.deepcopy(said)
        said.eos_token_id, said.forced_bos_token_id, said.forced_eos_token_id = way.end, None, None
    return Rules(said, None, n_given, longest, model.device)


@dataclass
class _Captioning:
    """A caption while it is written."""

    request: CaptionRequest
    model: Model
    way: CaptionWriting
    picture: ImageResult
    read: Any  # what the decoder is told of the image
    writing: Writing
    patterns: GrowingPatterns

    def result(self, context: Context, *, is_whole: bool) -> CaptionResult:
        """What there is by now; the whole has all patterns, a part those that take little of its time."""
        writing, request = self.writing, self.request
        found, tree = writing.target(self.request.most, is_whole=is_whole)
        pattern = self._patterns(context, is_whole=is_whole)
        has_control = is_whole and not request.is_blind
        return CaptionResult(
            written=found,
            pattern=pattern,
            blind_surprisal=self._blind_surprisal() if has_control else np.empty(0, np.float32),
            picture=self.picture,
            is_from_end=request.is_from_end,
            is_blind=request.is_blind,
            other_way=self._other_way() if is_whole else "",
            tree=tree,
            hypotheses=writing.hypotheses(found.text),
            notes=self._notes(pattern) if is_whole else (),
        )

    def _notes(self, pattern: np.ndarray) -> tuple[str, ...]:
        begun = "" if self.request.prefix_ids is not None else self.request.prefix
        unknown = notes_of_unknown_words(self.model.info.name, self.model.tokenizer, [begun])
        if self.request.is_blind:
            told = "All that was read of the image is set to zero, so that no place differs from another one."
            return (told, *unknown)
        if len(pattern):
            return unknown
        n, (rows, columns) = len(self.writing.ids), self.picture.grid
        return (
            *unknown,
            f"What {n:,} tokens attend to in {rows * columns:,} patches is too much to be shown at once.",
        )

    def _patterns(self, context: Context, *, is_whole: bool) -> np.ndarray:
        """[layer, head, target, patch] of as many places as are known."""
        (rows, columns), n_special = self.picture.grid, self.picture.n_special
        n_keys = rows * columns + n_special
        if self.request.is_blind or not self.patterns.fit(n_keys):
            return np.empty((0, 0, 0, rows * columns), np.float32)
        return self.patterns.known(
            with_caption(self.request.input, "", self._as_read()), context, n_keys=n_keys, is_whole=is_whole
        )[..., n_special:]

    def _as_read(self) -> tuple[int, ...]:
        """The tokens by now as the family is given a caption: its first sign, then the words in reading order."""
        ids = self.writing.ids
        words = ids[1:-1] if len(ids) > 1 and self.writing.rules.is_end(ids[-1]) else ids[1:]
        if self.request.is_from_end:
            return (start_token(self.model.net.config), *reversed(words))
        return (ids[0], *words)

    def _blind_surprisal(self) -> np.ndarray:
        """float32 [pos], bits: of the same tokens where nothing is seen."""
        ids = torch.tensor(self.writing.ids, device=self.model.device)
        nothing: Any = BaseModelOutput(last_hidden_state=torch.zeros_like(self.read.last_hidden_state))
        writer = Writer(self.model, {"decoder_input_ids": ids[None], "encoder_outputs": nothing}, **self.way.more)
        with torch.inference_mode():
            told = writer.begin()[:-1].log_softmax(-1).gather(-1, ids[1:, None])[:, 0]
        return np.concatenate([[np.nan], told.cpu().numpy() / -math.log(2)]).astype(np.float32)

    def _other_way(self) -> str:
        """What the other decoder writes of the same image, greedily; empty where there is none, or none to compare."""
        request, family, config = self.request, self.model.captions, self.model.net.config
        if request.decoding != Decoding() or self.writing.n_given > 1:
            return ""
        try:
            way = family.caption_writing(config) if request.is_from_end else family.caption_writing_from_end(config)
        except Refused:
            return ""
        ids = [way.start]
        tensors = {"decoder_input_ids": torch.tensor([ids], device=self.model.device), "encoder_outputs": self.read}
        writer = Writer(self.model, tensors, **way.more)
        rules = _rules(self.model, way, 1, self.writing.rules.longest)
        written = [step.token for step in decoding.write(writer, writer.begin()[-1], rules, Decoding())]
        ids += written
        return text_of(self.model, ids if request.is_from_end else ids[::-1])
