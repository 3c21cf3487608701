"""An encoder-decoder writes a text token by token, greedily, by beam search or by sampling."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.context import Refused
from inference.forward import beams, decoding
from inference.forward.beams import Beams
from inference.forward.decoding import Rules
from inference.forward.expectations import Expectation, Outlook, TokenPieces, of_given, text_of, written
from inference.forward.writer import Writer
from inference.inputs.tokens import as_text
from inference.inputs.written import exact_target, longest_target, source_of
from inference.results.decoding import BeamTree, Hypothesis, NodeKind
from inference.results.translation import TranslationRequest, TranslationResult, with_target

if TYPE_CHECKING:
    from inference.context import Context
    from inference.family.base import Encoded
    from inference.forward.model import Model
    from inference.results.checkpoint import AttentionGroup
    from inference.results.inputs import Input

_PAUSE = 0.1  # seconds between two partial results
_SHARE = 0.05  # of the time that is spent on what was attended to, while the text grows
_MOST_BYTES = 2**26  # of patterns in one result


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
    logits = writer.begin()
    writing = _Writing(request, model, source, encoded, rules, of_given(logits, writer.given, request.n_candidates))
    steps = _beam_steps if request.decoding.way == "beam" else _steps
    told = time.monotonic()
    for n_written in steps(writing, writer, logits[-1]):
        label = f"Token {n_written}"
        context.checkpoint(n_written, request.most, label)
        if time.monotonic() - told > _PAUSE:
            context.partial(writing.result(context, is_whole=False), is_whole=False)
            told = time.monotonic()
    return writing.result(context, is_whole=True)


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
class _Writing:
    """What is written so far.

    Attributes
    ----------
    expected
        At each place but the first.
    """

    request: TranslationRequest
    model: Model
    source: Input
    encoded: Encoded
    rules: Rules
    expected: list[Expectation]
    ids: list[int] = field(init=False)
    n_given: int = field(init=False)
    search: Beams | None = None
    n_beams: int = 0
    of_node: dict[int, Expectation] = field(default_factory=dict)
    pieces: TokenPieces = field(init=False)
    _pattern: np.ndarray | None = None
    _seen: list[int] = field(default_factory=list)  # the text that it is of
    _looked: float = 0.0  # when the pattern was computed last
    _took: float = 0.0  # seconds that it took

    def __post_init__(self) -> None:
        self.ids = self.encoded.sequences["target"].ids.tolist()
        self.n_given = len(self.ids)
        self.pieces = TokenPieces(self.model)

    def follow(self, node: int) -> None:
        """Let the text be that of a node of the beam search."""
        assert self.search is not None
        path = self.search.path(node)
        self.ids[self.n_given :] = [self.search.nodes[each].token for each in path]
        self.expected[self.n_given - 1 :] = [self.of_node[each] for each in path]

    def result(self, context: Context, *, is_whole: bool) -> TranslationResult:
        """What there is by now; the whole has all patterns, a part those that take little of its time."""
        search, config = self.search, self.model.net.config
        if search is not None and (best := search.ranked(1)):
            self.follow(best[0].node)
        ends_itself = len(self.ids) > self.n_given and self.rules.is_end(self.ids[-1])
        why = "" if ends_itself or not is_whole else self._why_unfinished()
        found, numbers = written(
            self.model,
            exact_target(tuple(self.ids), config, self.model.tokenizer),
            self.expected,
            self.pieces,
            n_given=self.n_given,
            seed=self.request.decoding.seed,
            is_finished=ends_itself and is_whole,
            why_unfinished=why,
            also=[node.token for node in search.nodes] if search else (),
        )
        pattern = self._patterns(context, is_whole=is_whole)
        return TranslationResult(
            source=self.encoded.sequences["source"],
            written=found,
            pattern=pattern,
            tree=_tree(search, numbers) if search else None,
            hypotheses=self._hypotheses(search, found.text) if search else (),
            notes=self._notes(pattern) if is_whole else (),
        )

    def _why_unfinished(self) -> str:
        n = len(self.ids) - self.n_given
        if not self.request.most:
            return "nothing was to be written"
        limit = longest_target(self.model.net.config)
        if limit and len(self.ids) >= limit:
            return f"the decoder takes no more than {limit:,} tokens"
        return f"it was cut off at {n:,} tokens"

    def _notes(self, pattern: np.ndarray) -> tuple[str, ...]:
        if len(pattern):
            return ()
        n_target, n_source = len(self.ids), len(self.encoded.sequences["source"])
        return (f"What {n_target:,} tokens attend to in {n_source:,} is too much to be shown at once; see Attention.",)

    def _hypotheses(self, search: Beams, best: str) -> tuple[Hypothesis, ...]:
        found = []
        for each in search.ranked(self.n_beams):
            tokens = [search.nodes[node].token for node in search.path(each.node)]
            last = search.nodes[each.node]
            text = best if not found else text_of(self.model, [*self.ids[: self.n_given], *tokens])
            is_finished = self.rules.is_end(last.token)
            found.append(Hypothesis(text, each.node, len(tokens), last.log_prob, each.score, is_finished))
        return tuple(found)

    # What is attended to

    def _patterns(self, context: Context, *, is_whole: bool) -> np.ndarray:
        """[layer, head, target, source] of as many places as are known."""
        group = _cross_group(self.model)
        n_source = len(self.encoded.sequences["source"])
        n_bytes = 4 * sum(group.n_heads) * len(self.ids) * n_source
        if n_bytes > _MOST_BYTES or len(set(group.n_heads)) > 1:
            return np.empty((0, 0, 0, n_source), np.float32)
        now = time.monotonic()
        if self._pattern is None or is_whole or now - self._looked > self._took / _SHARE:
            self._pattern, self._seen = self._look(group, context), list(self.ids)
            self._looked = time.monotonic()
            self._took = self._looked - now
        # A place knows nothing of those behind it; the text of a beam search can have become another one.
        pairs = enumerate(zip(self._seen, self.ids, strict=False))
        n_alike = next((place for place, (one, other) in pairs if one != other), min(len(self._seen), len(self.ids)))
        return self._pattern[:, :, :n_alike]

    def _look(self, group: AttentionGroup, context: Context) -> np.ndarray:
        text = text_of(self.model, self.ids)
        run = self.model.run(with_target(self.source, text, tuple(self.ids)), context)
        n = len(self.ids)  # ProphetNet's other streams come behind
        calls = (call for _, call in self.model.each_call(run, group.name, context))
        return np.stack([call.patterns()[:, :n].float().cpu().numpy() for call in calls])


def _steps(writing: _Writing, writer: Writer, logits: torch.Tensor) -> Iterator[int]:
    """Greedy or sampled: yields how many tokens are written."""
    for n, step in enumerate(decoding.write(writer, logits, writing.rules, writing.request.decoding), 1):
        writing.expected.append(Outlook(step.logits, step.scores, writing.request.n_candidates).at(step.token))
        writing.ids.append(step.token)
        yield n


def _beam_steps(writing: _Writing, writer: Writer, logits: torch.Tensor) -> Iterator[int]:
    """The same of a beam search."""
    said = writing.model.net.generation_config
    writing.n_beams = decoding.n_beams(writing.request.decoding, said)
    penalty = 1.0 if said.length_penalty is None else said.length_penalty
    known = 0
    for search in beams.search(writer, logits, writing.rules, writing.n_beams, penalty, said.early_stopping or False):
        writing.search = search
        outlooks = {
            node: Outlook(search.logits[node], search.scores[node], writing.request.n_candidates)
            for node in search.logits
        }
        for number in range(known, len(search.nodes)):
            node = search.nodes[number]
            if node.kind is not NodeKind.PRUNED or number in search.running:
                writing.of_node[number] = outlooks[node.parent].at(node.token)
        known = len(search.nodes)
        search.forget()
        yield search.nodes[-1].depth


def _tree(search: Beams, numbers: dict[int, int]) -> BeamTree:
    nodes = search.nodes
    return BeamTree(
        parents=np.array([node.parent for node in nodes], np.int32),
        depths=np.array([node.depth for node in nodes], np.int32),
        ids=np.array([node.token for node in nodes], np.int64),
        numbers=np.array([numbers[node.token] for node in nodes], np.int32),
        log_probs=np.array([node.log_prob for node in nodes], np.float32),
        kinds=np.array([node.kind for node in nodes], np.int8),
    )


def _cross_group(model: Model) -> AttentionGroup:
    """What of the decoder attends to the source."""
    return next(group for group in model.info.groups if group.key_axis == "source" and group.query_axis != "source")
