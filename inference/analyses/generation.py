"""A language model writes on: token by token, greedily, by beam search or by sampling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.files.chat_template import as_message
from inference.forward import decoding
from inference.forward.decoding import Rules
from inference.forward.writer import Writer
from inference.forward.writing import GrowingPatterns, Writing, write_on
from inference.inputs.tokens import as_text
from inference.results.generation import (
    TASK_TEXTS,
    TO_FRENCH,
    GenerationRequest,
    GenerationResult,
    TextTask,
    with_written,
)

if TYPE_CHECKING:
    from inference.context import Context
    from inference.forward.model import Model
    from inference.results.inputs import Input
    from inference.results.tokens import Tokens

_MOST_BYTES = 2**26  # of patterns in one result
_MOST_BYTES_GROWING = 2**21  # while there are ten of them a second


def generation(request: GenerationRequest, model: Model, context: Context) -> GenerationResult:
    """Go on with a text, and tell at each place what was expected there and what was attended to.

    Parameters
    ----------
    context
        One checkpoint a token.

    Raises
    ------
    Refused
        A number out of its range; a text that is longer than the model takes; else as `Model.encode`.
    """
    return write_on(model, request, lambda: _begin(request, model, context), context)


def _begin(request: GenerationRequest, model: Model, context: Context) -> _GoingOn:
    decoding.check(request.decoding, request.most, request.n_candidates)
    text = with_written(request.input, None)
    prompt = _prompt(model, text, request)
    given = _given(model, text, prompt, request.task) if request.prefix_ids is None else request.prefix_ids
    encoded = model.encode(with_written(text, given))
    context.checkpoint(0, 0, "Reading the text")
    longest = len(given) + request.most
    longest = min(longest, model.info.n_ctx) if model.info.n_ctx else longest
    writer = Writer(model, encoded.tensors)
    rules = Rules(model.net.generation_config, None, len(given), longest, model.device)
    writing = Writing(model, request.decoding, request.n_candidates, rules, writer)
    (group,) = model.info.groups
    return _GoingOn(request, model, text, prompt, writing, writer, GrowingPatterns(writing, group))


def _prompt(model: Model, text: Input, request: GenerationRequest) -> str:
    """All of the text that the model gets for a task; empty where it only goes on with the text."""
    given, task = as_text(text), request.task
    if task == "text":
        return ""
    if task in TASK_TEXTS:
        if given.token_ids is not None:
            raise Refused("A task is put around a text in words, not around token ids.")
        before, behind = TASK_TEXTS[task]
        return f"{before}{given.text.strip()}{behind}"
    if not model.chat_template or model.tokenizer is None:
        raise Refused(f"{model.info.name} has no chat template; the text can be gone on with as it is.")
    if given.token_ids is not None:
        raise Refused("A chat template takes a message in words, not token ids.")
    return as_message(
        given.text, model.chat_template, model.tokenizer, system=request.system.strip(), thinks=request.thinks
    )


def _given(model: Model, text: Input, prompt: str, task: TextTask) -> tuple[int, ...]:
    """Token ids of the text, without an end that its tokenizer has put behind it: it is to go on."""
    if task == "message" and model.tokenizer is not None:
        return tuple(model.tokenizer(prompt, add_special_tokens=False)["input_ids"])  # the template wrote these itself
    if prompt:
        text = replace(text, text=replace(as_text(text), text=prompt))
    tokens = model.encode(text).sequences["text"]
    ids = tokens.ids.tolist()
    said = model.net.generation_config.eos_token_id
    ends = said if isinstance(said, list) else [said]
    if model.tokenizer is not None:
        ends = [*ends, model.tokenizer.sep_token_id]  # which BERT's puts there
    while len(ids) > 1 and ids[-1] in ends and not as_text(text).text.rstrip().endswith(tokens.words[len(ids) - 1]):
        ids.pop()
    return tuple(ids)


@dataclass
class _GoingOn:
    """A text while it is written on."""

    request: GenerationRequest
    model: Model
    text: Input
    prompt: str
    writing: Writing
    writer: Writer
    patterns: GrowingPatterns

    def result(self, context: Context, *, is_whole: bool) -> GenerationResult:
        """What there is by now; the whole has all patterns, a part those that take little of its time."""
        writing, group = self.writing, self.patterns.group
        writing.choose_best()
        input = with_written(self.text, tuple(writing.ids))
        why = writing.why_unfinished(self.request.most, self.model.info.n_ctx, "model")
        found, tree = writing.written(self._tokens(input), is_whole=is_whole, why_unfinished=why)
        n = len(writing.ids)
        most = _MOST_BYTES if is_whole else _MOST_BYTES_GROWING
        pattern = self.patterns.known(input, context, n_keys=n, is_whole=is_whole)
        pattern, heads_are = _fitted(pattern[..., : pattern.shape[2]], most)
        return GenerationResult(
            written=found,
            layers=group.layers,
            pattern=pattern,
            heads_are=heads_are,
            cache_bytes=self.writer.cache_bytes,
            seconds=writing.seconds,
            tree=tree,
            hypotheses=writing.hypotheses(found.text),
            prompt=self.prompt,
            notes=(*self._task_notes(), *_notes(heads_are, n)) if is_whole else (),
        )

    def _tokens(self, input: Input) -> Tokens:
        return self.model.encode(input).sequences["text"]

    def _task_notes(self) -> tuple[str, ...]:
        tokenizer = self.model.tokenizer
        if self.request.task != "to-fr" or not self.prompt or tokenizer is None:
            return ()
        if TO_FRENCH in tokenizer.get_vocab():
            return ()
        return (f"{TO_FRENCH} is no token of {self.model.info.name}, which may never have met such a text.",)


def _fitted(pattern: np.ndarray, most: int) -> tuple[np.ndarray, str]:
    """The pattern, or means that take less room, and what its heads are; see `GenerationResult`."""
    if pattern.nbytes <= most:
        return pattern, "heads"
    of_layers = pattern.mean(1, keepdims=True)
    if of_layers.nbytes <= most:
        return of_layers, "layer"
    return of_layers.mean(0, keepdims=True), "mean"


def _notes(heads_are: str, n: int) -> tuple[str, ...]:
    kept = {"layer": "the means of its layers are", "mean": "the mean of all is"}.get(heads_are)
    if kept is None:
        return ()
    return (f"What {n:,} tokens attend to in every head is too much to be kept at once; {kept}. See Attention.",)
