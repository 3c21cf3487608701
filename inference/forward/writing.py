"""A text that is written token by token, greedily, by beam search or by sampling, and what was expected meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import numpy as np
import torch

from inference.context import Cancelled
from inference.forward import beams, decoding
from inference.forward.expectations import Expectation, TokenPieces, expectations, of_given, text_of, written
from inference.inputs.written import exact_target, longest_target
from inference.results.counts import count_of
from inference.results.decoding import BeamTree, Hypothesis, NodeKind

if TYPE_CHECKING:
    from torch import Tensor

    from inference.context import Context
    from inference.forward.beams import Beams
    from inference.forward.decoding import ChosenToken, Rules
    from inference.forward.model import Model
    from inference.forward.writer import Writer
    from inference.results.answer import AnswerRequest
    from inference.results.caption import CaptionRequest
    from inference.results.checkpoint import AttentionGroup
    from inference.results.decoding import Decoding, Written
    from inference.results.generation import GenerationRequest
    from inference.results.inputs import Input
    from inference.results.tokens import Tokens
    from inference.results.translation import TranslationRequest

    WritingRequest = AnswerRequest | CaptionRequest | GenerationRequest | TranslationRequest

PAUSE = 0.1  # seconds between two partial results
SHARE = 0.02  # of the time that is spent on telling what there is, and as much again on what was attended to
_STORE = "writing"
_MOST_KEPT = 2  # texts that were begun, with their caches
_MOST_BYTES = 2**26  # of patterns in one result
_MOST_WAITING = 64  # tokens of which logits are held


@dataclass
class Writing:
    """What is written so far.

    Attributes
    ----------
    is_from_end
        Whether a text is written from its last token to its first.
    ids
        All tokens that the decoder was given and has written, in this order.
    seconds
        Spent on writing, what was told meanwhile included; without the first pass through what was given.
    reading_seconds
        That this pass took, and what was read for it before.
    looking_seconds
        Spent on what was attended to, so far.
    """

    model: Model
    decoding: Decoding
    n_candidates: int
    rules: Rules
    writer: Writer
    is_from_end: bool = False
    ids: list[int] = field(init=False)
    n_given: int = field(init=False)
    seconds: float = 0.0
    reading_seconds: float = 0.0
    looking_seconds: float = 0.0
    search: Beams | None = None
    n_beams: int = 0
    _going: Iterator[int] | None = None  # holds no lock and no mode of torch between two tokens
    _expected: list[Expectation] = field(default_factory=list)  # at each place but the first
    _waiting: list[ChosenToken] = field(default_factory=list)  # tokens of which that is not told yet
    _logits: Tensor | None = None  # behind each token that was given, until that is told
    _of_node: dict[int, Expectation] = field(default_factory=dict)
    _pieces: TokenPieces = field(init=False)

    def __post_init__(self) -> None:
        self.ids = self.writer.given.tolist()
        self.n_given = len(self.ids)
        self._pieces = TokenPieces(self.model)

    def steps(self, context: Context, most: int) -> Iterator[bool]:
        """Write, or write on from where an earlier call was cancelled; no token is chosen twice.

        Yields behind each token whether it is time to tell what there is.

        Parameters
        ----------
        context
            One checkpoint a token.
        """
        if self._going is None:
            started = time.monotonic()
            self._logits = self.writer.begin()
            self.reading_seconds += time.monotonic() - started
            self._going = self._beam_steps() if self.decoding.way == "beam" else self._plain_steps()
        told = time.monotonic()
        began = told - self.seconds  # as if nothing else had been done meanwhile
        took = -1.0  # seconds that it took to tell what there was, the last time
        for n_written in self._going:
            context.checkpoint(n_written, most, f"Token {n_written}")
            now, looked = time.monotonic(), self.looking_seconds
            self.seconds = now - began
            is_due = took < 0 or now - told > max(PAUSE, took / SHARE)
            yield is_due
            if is_due:
                told = time.monotonic()
                took = max(told - now - (self.looking_seconds - looked), 0.0)
        self.seconds = time.monotonic() - began

    def _plain_steps(self) -> Iterator[int]:
        assert self._logits is not None
        for n, step in enumerate(decoding.write(self.writer, self._logits[-1], self.rules, self.decoding), 1):
            self._waiting.append(step)
            self.ids.append(step.token)
            if len(self._waiting) >= _MOST_WAITING:
                self._tell_waiting()
            yield n

    def _beam_steps(self) -> Iterator[int]:
        assert self._logits is not None
        said = self.model.net.generation_config
        self.n_beams = decoding.n_beams(self.decoding, said)
        penalty = 1.0 if said.length_penalty is None else said.length_penalty
        known = 0
        for search in beams.search(
            self.writer, self._logits[-1], self.rules, self.n_beams, penalty, said.early_stopping or False
        ):
            self.search = search
            numbers = [
                number
                for number in range(known, len(search.nodes))
                if search.nodes[number].kind is not NodeKind.PRUNED or number in search.running
            ]
            nodes = [search.nodes[number] for number in numbers]
            scores = torch.stack([search.scores[node.parent] for node in nodes])
            logits = torch.stack([search.logits[node.parent] for node in nodes])
            found = expectations(logits, [node.token for node in nodes], self.n_candidates, scores=scores)
            self._of_node |= dict(zip(numbers, found, strict=True))
            known = len(search.nodes)
            search.forget()
            yield search.nodes[-1].depth

    def _tell_waiting(self) -> None:
        """What was expected where tokens came in since the last time."""
        if self._logits is not None:
            self._expected += of_given(self._logits, self.writer.given, self.n_candidates)
            self._logits = None
        if not self._waiting:
            return
        logits, tokens = torch.stack([step.logits for step in self._waiting]), [step.token for step in self._waiting]
        if all(step.scores is step.logits for step in self._waiting):
            self._expected += expectations(logits, tokens, self.n_candidates)
        else:
            self._expected += expectations(
                logits,
                tokens,
                self.n_candidates,
                scores=torch.stack([step.scores for step in self._waiting]),
                ruled=torch.stack([step.ruled for step in self._waiting]),
                top_k=self.decoding.top_k if self.decoding.way == "sample" else 0,
            )
        self._waiting.clear()

    def _follow(self, node: int) -> None:
        """Let the text be that of a node of the beam search."""
        assert self.search is not None
        path = self.search.path(node)
        self.ids[self.n_given :] = [self.search.nodes[each].token for each in path]
        self._expected[self.n_given - 1 :] = [self._of_node[each] for each in path]

    # What there is

    def choose_best(self) -> None:
        """Of a beam search: let the text be the best one by now."""
        self._tell_waiting()
        if self.search is not None and (best := self.search.ranked(1)):
            self._follow(best[0].node)

    @property
    def ends_itself(self) -> bool:
        """Whether it came to its own end."""
        return len(self.ids) > self.n_given and self.rules.is_end(self.ids[-1])

    def why_unfinished(self, most: int, limit: int, limited: str = "decoder") -> str:
        """Why a text that did not come to its own end has no more tokens.

        Parameters
        ----------
        most
            Tokens that were to be written.
        limit, limited
            Tokens that are taken at most, 0 for no limit, and by what.
        """
        if not most:
            return "nothing was to be written"
        if limit and len(self.ids) >= limit:
            return f"the {limited} takes no more than {limit:,} tokens"
        return f"it was cut off at {count_of(len(self.ids) - self.n_given, 'tokens')}"

    def written(self, tokens: Tokens, *, is_whole: bool, why_unfinished: str = "") -> tuple[Written, BeamTree | None]:
        """The text with what was expected; `tokens` are its `ids`."""
        search = self.search
        found, numbers = written(
            self.model,
            tokens,
            self._expected,
            self._pieces,
            n_given=self.n_given,
            seed=self.decoding.seed,
            is_finished=self.ends_itself and is_whole,
            why_unfinished="" if self.ends_itself or not is_whole else why_unfinished,
            also=[node.token for node in search.nodes] if search else (),
        )
        if self.is_from_end:
            found = replace(found, text=self.text(self.ids))
        return found, _tree(search, numbers) if search else None

    def target(self, most: int, *, is_whole: bool) -> tuple[Written, BeamTree | None]:
        """The best text by now, as an encoder-decoder writes it; `most` as in `why_unfinished`."""
        self.choose_best()
        config = self.model.net.config
        tokens = exact_target(tuple(self.ids), config, self.model.tokenizer)
        return self.written(tokens, is_whole=is_whole, why_unfinished=self.why_unfinished(most, longest_target(config)))

    def text(self, ids: list[int]) -> str:
        """Tokens in the order in which they are written, as one reads them."""
        return text_of(self.model, ids[::-1] if self.is_from_end else ids)

    def hypotheses(self, best: str) -> tuple[Hypothesis, ...]:
        """The best texts of a beam search, of which the first one reads `best`."""
        if self.search is None:
            return ()
        found = []
        for each in self.search.ranked(self.n_beams):
            tokens = [self.search.nodes[node].token for node in self.search.path(each.node)]
            last = self.search.nodes[each.node]
            text = best if not found else self.text([*self.ids[: self.n_given], *tokens])
            is_finished = self.rules.is_end(last.token)
            found.append(Hypothesis(text, each.node, len(tokens), last.log_prob, each.score, is_finished))
        return tuple(found)


class GrowingText(Protocol):
    """What is written for a request, and what is told of it."""

    @property
    def request(self) -> WritingRequest: ...
    @property
    def writing(self) -> Writing: ...
    def result(self, context: Context, *, is_whole: bool) -> Any: ...


G = TypeVar("G", bound=GrowingText)


def write_on(model: Model, request: WritingRequest, begin: Callable[[], GrowingText], context: Context) -> Any:
    """Tell of a text while it is written, and of all of it.

    A text that is cancelled stays with the model: asked for again it goes on behind its last token.
    """
    return grown(model, request, begin, context)[1]


def grown(model: Model, request: WritingRequest, begin: Callable[[], G], context: Context) -> tuple[G, Any]:
    """The same, with what has written it."""
    kept = cast("dict[WritingRequest, G]", model.store.setdefault(_STORE, {}))
    growing = kept.pop(request, None) or begin()
    try:
        for is_due in growing.writing.steps(context, request.most):
            if is_due:
                context.partial(growing.result(context, is_whole=False), is_whole=False)
        return growing, growing.result(context, is_whole=True)
    except Cancelled:
        kept[request] = growing
        if len(kept) > _MOST_KEPT:
            del kept[next(iter(kept))]
        raise


@dataclass
class GrowingPatterns:
    """What the places of a growing text attend to: looked at again now and then, and at its end."""

    writing: Writing
    group: AttentionGroup
    _pattern: np.ndarray | None = None
    _seen: list[int] = field(default_factory=list)  # the text that it is of
    _looked: float = 0.0  # when the pattern was computed last, or was asked for first
    _took: float = 0.0  # seconds that it took

    def fit(self, n_keys: int) -> bool:
        """Whether those of the text by now can be told at once: there is room, and layers have as many heads."""
        n_bytes = 4 * sum(self.group.n_heads) * len(self.writing.ids) * n_keys
        return n_bytes <= _MOST_BYTES and len(set(self.group.n_heads)) == 1

    def known(self, input: Input, context: Context, *, n_keys: int, is_whole: bool) -> np.ndarray:
        """[layer, head, query_pos, key_pos] of as many places as are known; of the whole text all of them.

        Parameters
        ----------
        input
            In which the text by now is what the decoder is given.
        n_keys
            Of what it attends to.
        """
        now, ids = time.monotonic(), self.writing.ids
        if not self._looked:  # the first token is there before its text has been read once more
            self._looked, self._took = now, self.writing.reading_seconds
        if is_whole or now - self._looked > max(self._took / SHARE, PAUSE):
            self._pattern, self._seen = self._look(len(ids), input, context), list(ids)
            self._looked = time.monotonic()
            self._took = self._looked - now
            self.writing.looking_seconds += self._took
        if self._pattern is None:
            return np.empty((len(self.group.layers), max(self.group.n_heads), 0, n_keys), np.float32)
        # A place knows nothing of those behind it; the text of a beam search can have become another one.
        pairs = enumerate(zip(self._seen, ids, strict=False))
        n_alike = next((place for place, (one, other) in pairs if one != other), min(len(self._seen), len(ids)))
        return self._pattern[:, :, :n_alike]

    def _look(self, n: int, input: Input, context: Context) -> np.ndarray:
        model = self.writing.model
        if not self.group.layers:  # a recurrent network
            return np.empty((0, 0, n, n), np.float32)
        run = model.run(input, context)
        # ProphetNet's other streams come behind.
        calls = (call for _, call in model.each_call(run, self.group.name, context))
        return np.stack([call.patterns()[:, :n].float().cpu().numpy() for call in calls])


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
