"""A chat model that sees answers a question, and tells of each word where in the image it looked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from inference.context import Refused
from inference.forward import decoding
from inference.forward.answers.looking_writer import LookingWriter
from inference.forward.answers.relevance import answer_relevance
from inference.forward.decoding import Rules
from inference.forward.expectations import text_of
from inference.forward.writing import Writing, grown
from inference.inputs.seen import seen_image
from inference.inputs.tokens import as_text, tokenize
from inference.results.answer import MOST_EXPLAINED, AnswerRequest, AnswerResult, with_answer
from inference.results.inputs import TextInput

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import GenerationConfig

    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model
    from inference.inputs.images import Prepared

_MOST_BYTES = 2**26  # of patterns in one result
_MOST_BYTES_GROWING = 2**22  # while there are ten of them a second
_STORE = "answers"
_MOST_KEPT = 2  # answers that can be looked into
_BESIDE = "[beside the image]"
_SIGN = "[image: {:,} tokens]"


def answer(request: AnswerRequest, model: Model, context: Context) -> AnswerResult:
    """Answer a question about an image, and tell at each place what was expected and what was looked at.

    What else is to be told of an answer that is there already is told without writing it again.

    Parameters
    ----------
    context
        One checkpoint a token.

    Raises
    ------
    Refused
        The model answers none; an image or a question is missing; a number out of its range; image, question and
        answer are longer than the model takes; else as `Model.encode`.
    """
    kept = cast("dict[AnswerRequest, tuple[_ReplyWriting, AnswerResult]]", model.store.setdefault(_STORE, {}))
    plain = request.plain()
    if plain not in kept:
        kept[plain] = grown(model, plain, lambda: _begin(plain, model, context), context)
        if len(kept) > _MOST_KEPT:
            del kept[next(iter(kept))]
    growing, found = kept[plain]
    if request == plain:
        return found
    return replace(found, **growing.looked_into(request, context))


def _begin(request: AnswerRequest, model: Model, context: Context) -> _ReplyWriting:
    decoding.check(request.decoding, request.most, request.n_candidates)
    family, config = model.answers, model.net.config
    if not as_text(request.input).text.strip() and as_text(request.input).token_ids is None:
        raise Refused("There is no question; type one.")
    prepared = model.prepare(request.input)
    context.checkpoint(0, 0, "Reading image and question")
    begins = request.prefix_ids or _prefix(request.prefix, model)
    encoded = model.encode(with_answer(request.input, begins))
    n_given = 1 + len(begins)
    writer = _writer(model, encoded, n_given)
    longest = len(writer.prompt) + n_given + request.most
    longest = min(longest, model.info.n_ctx) if model.info.n_ctx else longest
    rules = _RulesBehindPrompt(family.generation(model.net), writer.prompt, n_given, longest, model.device)
    writing = Writing(model, request.decoding, request.n_candidates, rules, writer)
    prompt = ""
    if model.tokenizer is not None and as_text(request.input).token_ids is None:
        prompt = family.prompt(as_text(request.input).text, config, model.tokenizer)
        sign = family.placeholder(config, model.tokenizer)
        shown = _SIGN.format(len(family.image_places(encoded, config)))
        prompt = prompt.replace(sign, shown) if sign else f"{_BESIDE} {prompt}"
    return _ReplyWriting(request, model, prepared, encoded, prompt, writing, writer, _through(request, model, context))


def _through(request: AnswerRequest, model: Model, context: Context) -> np.ndarray | None:
    """float32 [image token, patch]: what image tokens without a place look at; see `AnswerResult.through`."""
    name, first = model.answers.looks_through(model.net.config)
    if not name:
        return None
    run = model.run(with_answer(request.input, None), context)
    of_layers = [call.patterns().float().mean(0) for _, call in model.each_call(run, name, context)]
    return torch.stack(of_layers).mean(0)[:, first:].cpu().numpy()


def _prefix(words: str, model: Model) -> tuple[int, ...]:
    """Token ids of words that an answer begins with."""
    if not words:
        return ()
    if model.tokenizer is None:
        raise Refused(f"{model.info.name} has no tokenizer, so its answer cannot begin with words.")
    return tuple(cast("list[int]", model.tokenizer(words, add_special_tokens=False)["input_ids"]))


def _writer(model: Model, encoded: Encoded, n_given: int) -> LookingWriter:
    family, config = model.answers, model.net.config
    places = family.image_places(encoded, config)
    return LookingWriter(model, family, encoded.tensors, n_given, family.answer_path(config), places)


class _RulesBehindPrompt(Rules):
    """What a checkpoint wants of an answer; the writer is told of the end of the prompt alone, repeats count in all."""

    def __init__(
        self, generation: GenerationConfig, prompt: Tensor, n_given: int, longest: int, device: torch.device
    ) -> None:
        n = len(prompt)
        super().__init__(generation, None, n + n_given, longest, device)
        self.longest = longest - n
        self._prompt = prompt

    def apply(self, written: Tensor, scores: Tensor) -> Tensor:
        return super().apply(torch.cat([self._prompt.expand(len(written), -1), written], 1), scores)


@dataclass
class _ReplyWriting:
    """An answer while it is written."""

    request: AnswerRequest
    model: Model
    prepared: Prepared
    encoded: Encoded
    prompt: str
    writing: Writing
    writer: LookingWriter
    through: np.ndarray | None
    _looks: np.ndarray | None = None  # of the whole answer, [layer, head, place, 1 + image token]

    def result(self, context: Context, *, is_whole: bool) -> AnswerResult:
        """What there is by now; while it grows, of several beams what they look at is not told."""
        writing, model, family = self.writing, self.model, self.model.answers
        config = model.net.config
        writing.choose_best()
        tokens = tokenize(TextInput(token_ids=tuple(writing.ids)), config, model.tokenizer)
        why = writing.why_unfinished(self.request.most, 0)
        if model.info.n_ctx and len(self.writer.prompt) + len(writing.ids) >= model.info.n_ctx:
            why = f"the model takes no more than {model.info.n_ctx:,} tokens"
        found, tree = writing.written(tokens, is_whole=is_whole, why_unfinished=why)
        found = replace(found, text=text_of(model, writing.ids[1:]))
        looks = self.writer.looks()
        if is_whole:
            looks = self._looks = self._of_all(looks)
        pattern, heads_are = _fitted(looks, _MOST_BYTES if is_whole else _MOST_BYTES_GROWING)
        group = next(group for group in model.info.groups if group.query_axis == "text")
        grid = model.images.grid(model.info.groups[0].name, config, self.prepared.shape)
        return AnswerResult(
            written=found,
            prompt=self.prompt,
            n_prompt=self.writer.n_prompt,
            n_image=looks.shape[3] - 1,
            layers=group.layers,
            pattern=pattern[..., 1:],
            first=pattern[..., 0],
            heads_are=heads_are,
            grids=family.token_grids(config, self.prepared),
            picture=seen_image(self.prepared, grid),
            through=self.through,
            is_beside=family.reads_beside,
            n_read=self.encoded.tensors["input_ids"].shape[1] if "decoder_input_ids" in self.encoded.tensors else 0,
            cache_bytes=self.writer.cache_bytes,
            seconds=writing.seconds,
            tree=tree,
            hypotheses=writing.hypotheses(found.text),
            notes=(*self.encoded.notes, *_notes(heads_are)) if is_whole else (),
        )

    def _of_all(self, looks: np.ndarray) -> np.ndarray:
        """What all places look at; of the best of several beams by reading it once more."""
        if self.writing.search is None or len(self.writing.ids) == self.writing.n_given:
            return looks
        ids = tuple(self.writing.ids[1:])
        writer = _writer(self.model, self.model.encode(with_answer(self.request.input, ids)), 1 + len(ids))
        writer.begin()
        return writer.looks()

    def looked_into(self, request: AnswerRequest, context: Context) -> dict[str, object]:
        """What else is asked of the whole answer, by its name in `AnswerResult`."""
        more: dict[str, object] = {}
        assert self._looks is not None
        if request.looks is not None:
            more["looked"] = self._of_head(*request.looks)
        if request.relevance_of:
            more |= {"relevance": self._relevance(request.relevance_of, context)}
            more["relevance_of"] = request.relevance_of
        return more

    def _of_head(self, layer: int, head: int | None) -> np.ndarray:
        assert self._looks is not None
        n_layers, n_heads = self._looks.shape[:2]
        if not 0 <= layer < n_layers or not 0 <= (head or 0) < n_heads:
            raise Refused(
                f"Layer {layer}, head {head} was asked for; there are layers 0 to {n_layers - 1} with heads 0 to "
                f"{n_heads - 1}."
            )
        of_layer = self._looks[layer]
        return (of_layer.mean(0) if head is None else of_layer[head])[:, 1:]

    def _relevance(self, places: tuple[int, ...], context: Context) -> np.ndarray:
        ids = self.writing.ids
        if len(places) > MOST_EXPLAINED:
            raise Refused(f"Relevance of {len(places)} words was asked for; of {MOST_EXPLAINED} at once it is told.")
        for place in places:
            if not 1 <= place < len(ids):
                raise Refused(f"Word {place} was asked for; the answer has words 1 to {len(ids) - 1}.")
        if "decoder_input_ids" in self.encoded.tensors:
            raise Refused(
                f"Relevance goes through the layers of one sequence; {self.model.info.name} answers from another one."
            )
        last = max(places)
        encoded = self.model.encode(with_answer(self.request.input, tuple(ids[1 : last + 1])))
        family, config = self.model.answers, self.model.net.config
        at = self.writer.n_prompt - 1
        return answer_relevance(
            self.model,
            encoded.tensors,
            [(at + place - 1, ids[place]) for place in places],
            family.answer_path(config),
            family.image_places(encoded, config),
            context,
        )


def _fitted(looks: np.ndarray, most: int) -> tuple[np.ndarray, str]:
    """As many numbers as take no more room, and what their heads are; see `AnswerResult`."""
    if looks.nbytes <= most:
        return looks, "heads"
    of_layers = looks.mean(1, keepdims=True)
    if of_layers.nbytes <= most:
        return of_layers, "layer"
    return of_layers.mean(0, keepdims=True), "mean"


def _notes(heads_are: str) -> tuple[str, ...]:
    kept = {"layer": "the means of its layers are", "mean": "the mean of all is"}.get(heads_are)
    if kept is None:
        return ()
    return (f"What all words look at in every head is too much to be shown at once; {kept}, and any head by itself.",)
