"""An encoder-decoder writes a text token by token, greedily, by beam search or by sampling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inference.context import Refused
from inference.forward import decoding
from inference.forward.decoding import Rules
from inference.forward.expectations import text_of
from inference.forward.writer import Writer
from inference.forward.writing import GrowingPatterns, Writing, write_on
from inference.inputs.tokens import as_text
from inference.inputs.written import longest_target, source_of
from inference.results.translation import TranslationRequest, TranslationResult, with_target

if TYPE_CHECKING:
    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model
    from inference.results.checkpoint import AttentionGroup
    from inference.results.inputs import Input


def translation(request: TranslationRequest, model: Model, context: Context) -> TranslationResult:
    """Write, and tell at each place what was expected there and what was attended to in the source.

    Parameters
    ----------
    context
        One checkpoint a token.

    Raises
    ------
    Refused
        A number out of its range; a prefix that leaves no room; else as `Model.encode`.
    """
    return write_on(model, request, lambda: _begin(request, model, context), context)


def _begin(request: TranslationRequest, model: Model, context: Context) -> _Translating:
    decoding.check(request.decoding, request.most, request.n_candidates)
    source = replace(request.input, text=source_of(as_text(request.input)))
    given = _given(model, replace(request, input=source))
    room = longest_target(model.net.config)
    if room and len(given) > room:
        raise Refused(f"The text begins with {len(given)} tokens; the decoder takes {room}.")
    encoded = model.encode(with_target(source, "", tuple(given)))
    context.checkpoint(0, 0, "Reading the source")
    writer = Writer(model, encoded.tensors)
    longest = len(given) + request.most
    longest = min(longest, room) if room else longest
    rules = Rules(model.net.generation_config, writer.source_ids, len(given), longest, model.device)
    writing = Writing(model, request.decoding, request.n_candidates, rules, writer)
    return _Translating(request, model, source, encoded, writing, GrowingPatterns(writing, _cross_group(model)))


def _given(model: Model, request: TranslationRequest) -> list[int]:
    """Token ids that the decoder is given first: its start token, a code of the language, the prefix."""
    if request.prefix_ids is not None:
        return list(request.prefix_ids)
    if request.prefix and model.tokenizer is None:
        raise Refused(f"{model.info.name} has no tokenizer, so its text cannot begin with words.")
    try:
        if model.tokenizer is None:
            raise Refused("There is nothing to begin with.")
        text = replace(as_text(request.input), text_pair=request.prefix)
        ids = model.encode(replace(request.input, text=text)).sequences["target"].ids.tolist()
    except Refused:
        if request.prefix:
            raise
        # A tokenizer that puts nothing around a text has nothing to say of an empty one.
        ids = model.encode(request.input).sequences["target"].ids[:1].tolist()
    said = model.net.generation_config.eos_token_id
    ends = said if isinstance(said, list) else [said]
    while len(ids) > 1 and ids[-1] in ends:  # mBART puts the end token behind a text also where it is to go on
        ids.pop()
    return ids


@dataclass
class _Translating:
    """A translation while it is written."""

    request: TranslationRequest
    model: Model
    source: Input
    encoded: Encoded
    writing: Writing
    patterns: GrowingPatterns

    def result(self, context: Context, *, is_whole: bool) -> TranslationResult:
        """What there is by now; the whole has all patterns, a part those that take little of its time."""
        writing = self.writing
        found, tree = writing.target(self.request.most, is_whole=is_whole)
        pattern = self._patterns(context, is_whole=is_whole)
        return TranslationResult(
            source=self.encoded.sequences["source"],
            written=found,
            pattern=pattern,
            tree=tree,
            hypotheses=writing.hypotheses(found.text),
            notes=self._notes(pattern) if is_whole else (),
        )

    def _notes(self, pattern: np.ndarray) -> tuple[str, ...]:
        if len(pattern):
            return ()
        n_target, n_source = len(self.writing.ids), len(self.encoded.sequences["source"])
        return (f"What {n_target:,} tokens attend to in {n_source:,} is too much to be shown at once; see Attention.",)

    def _patterns(self, context: Context, *, is_whole: bool) -> np.ndarray:
        """[layer, head, target, source] of as many places as are known."""
        ids, n_source = self.writing.ids, len(self.encoded.sequences["source"])
        if not self.patterns.fit(n_source):
            return np.empty((0, 0, 0, n_source), np.float32)
        target = with_target(self.source, text_of(self.model, ids), tuple(ids))
        return self.patterns.known(target, context, n_keys=n_source, is_whole=is_whole)


def _cross_group(model: Model) -> AttentionGroup:
    """What of the decoder attends to the source."""
    return next(group for group in model.info.groups if group.key_axis == "source" and group.query_axis != "source")
