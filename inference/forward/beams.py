"""Beam search: the likeliest of several texts that are written at once.

References
----------
Graves 2012, "Sequence Transduction with Recurrent Neural Networks" (arXiv 1211.3711), section 2.4; Wu et al. 2016,
"Google's Neural Machine Translation System" (arXiv 1609.08144), section 7 (length penalty).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from inference.results.decoding import NodeKind

if TYPE_CHECKING:
    from torch import Tensor

    from inference.forward.decoding import Rules
    from inference.forward.writer import Writer

_NEVER = -1.0e9  # the logarithm of what is not chosen; transformers' number, so that equal scores fall alike


@dataclass
class Node:
    """A token that was weighed.

    Attributes
    ----------
    parent
        Number of the node before; -1 for what was given.
    depth
        Tokens since what was given.
    log_prob
        Of all these tokens together.
    """

    parent: int
    depth: int
    token: int
    log_prob: float
    kind: NodeKind


@dataclass(frozen=True)
class Ended:
    """A whole text: its last node, and the score by which it is ranked."""

    node: int
    score: float


@dataclass
class Beams:
    """A beam search as far as it is.

    Attributes
    ----------
    nodes
        In the order of the steps, in each the likeliest first.
    running
        Nodes that are gone on with, the likeliest first.
    ended
        Best whole texts so far, the best first.
    logits
        float32 [d_vocab] behind each node that was gone on with, and behind what was given (-1), as the model gave
        them: until `forget` is called.
    scores
        The same after what the checkpoint forbids, as logarithms of probabilities.
    """

    length_penalty: float
    nodes: list[Node] = field(default_factory=list)
    running: list[int] = field(default_factory=lambda: [-1])
    ended: list[Ended] = field(default_factory=list)
    logits: dict[int, Tensor] = field(default_factory=dict)
    scores: dict[int, Tensor] = field(default_factory=dict)

    def forget(self) -> None:
        """Let go of logits."""
        self.logits.clear()
        self.scores.clear()

    def path(self, node: int) -> list[int]:
        """The nodes from what was given to this one."""
        found = []
        while node >= 0:
            found.append(node)
            node = self.nodes[node].parent
        return found[::-1]

    def ranked(self, n: int) -> list[Ended]:
        """The best whole texts, then those that are not finished, at most `n`."""
        found = self.ended[:n]
        known = {each.node for each in found}
        for node in self.running:
            if node >= 0 and node not in known and len(found) < n:
                one = self.nodes[node]
                found.append(Ended(node, one.log_prob / one.depth**self.length_penalty))
        return found


def search(
    writer: Writer,
    logits: Tensor,
    rules: Rules,
    n_beams: int,
    length_penalty: float,
    early_stopping: bool | str,
) -> Iterator[Beams]:
    """Follow the likeliest texts step by step, as transformers' `generate` does.

    Parameters
    ----------
    logits
        float32 [d_vocab], behind what was given.
    length_penalty
        The logarithm of a text's probability is divided by its length to this power.
    early_stopping
        True: stop as soon as there are so many whole texts as beams; False: as soon as what runs could not become
        better if it ended now; `never`: only when it never could.

    Yields
    ------
    Beams
        The same object behind each step.
    """
    given, device = writer.given, logits.device
    n_given, longest = len(given), rules.longest
    found = Beams(length_penalty)
    written = given.repeat(n_beams, 1)
    # Only the first counts at first: the others are the same text.
    running = torch.full((n_beams,), _NEVER, device=device)
    running[0] = 0
    ends = torch.tensor(rules.ends, dtype=torch.int64, device=device)
    n_weighed = max(2, 1 + len(ends)) * n_beams
    best = torch.full((n_beams,), _NEVER, device=device)  # scores of whole texts
    texts: list[int] = [-1] * n_beams  # their nodes
    is_whole = torch.zeros(n_beams, dtype=torch.bool, device=device)
    can_improve = True
    rows = logits[None].expand(n_beams, -1)
    writer.repeat(n_beams)
    while written.shape[1] < longest:
        length = written.shape[1]
        scores = rules.apply(written, rows.log_softmax(-1))
        for row, node in enumerate(found.running):
            found.logits[node], found.scores[node] = rows[row], scores[row]
        d_vocab = scores.shape[-1]
        sums, places = torch.topk((scores + running[:, None]).flatten(), min(n_weighed, n_beams * d_vocab))
        parents, tokens = places // d_vocab, places % d_vocab
        is_end = torch.isin(tokens, ends) | (length + 1 >= longest)
        order = torch.topk(sums + is_end * _NEVER, n_beams).indices

        ranks = sums / (length + 1 - n_given) ** length_penalty
        is_best = is_end & (torch.arange(len(sums), device=device) < n_beams)
        if (early_stopping is True and bool(is_whole.all())) or not can_improve:
            ranks = ranks + _NEVER
        ranks = ranks + ~is_best * _NEVER
        first = len(found.nodes)
        going = set(order[~is_end[order]].tolist())
        for i, (parent, token) in enumerate(zip(parents.tolist(), tokens.tolist(), strict=True)):
            kind = NodeKind.KEPT if i in going else NodeKind.ENDED if is_best[i] else NodeKind.PRUNED
            before = found.running[parent] if parent < len(found.running) else -1
            found.nodes.append(Node(before, length + 1 - n_given, token, float(sums[i]), kind))
        texts += range(first, first + len(sums))
        best, chosen = torch.topk(torch.cat([best, ranks]), n_beams)
        texts = [texts[i] for i in chosen.tolist()]
        is_whole = torch.cat([is_whole, is_best])[chosen]
        found.ended = [
            Ended(node, score)
            for node, score, whole in zip(texts, best.tolist(), is_whole.tolist(), strict=True)
            if whole and score > _NEVER / 2
        ]
        found.running = [first + i for i in order.tolist()]
        running = (sums + is_end * _NEVER)[order]
        written = torch.cat([written[parents[order]], tokens[order][:, None]], 1)

        yield found
        most = longest if early_stopping == "never" and length_penalty > 0 else length + 1
        possible = running[0] / (most - n_given) ** length_penalty
        worst = torch.where(is_whole, best.min(), _NEVER)
        can_improve = can_improve and bool((possible > worst).any())
        if not can_improve or (early_stopping is True and bool(is_whole.all())) or bool(is_end.all()):
            return
        writer.choose(parents[order])
        rows = writer.feed(tokens[order])
