"""Fine-tune a bundled checkpoint on labelled sentences, and write what it learned as an adapter.

    python -m resources.recipes.polarity.train --data DIR --out resources/checkpoints/bert-mini-polarity
    python -m resources.recipes.polarity.train --data DIR --base gpt-mini --out resources/checkpoints/gpt-mini-polarity

A BERT reads the class at [CLS]; a GPT at the last token, and goes on learning to write, too. `--full` trains all
weights and says only how well that goes.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from resources.recipes.polarity.data import N_TRIED, Labelled, read_polarity
from resources.recipes.polarity.networks import (
    add_low_rank,
    build,
    encoded,
    load_tokenizer,
    logits_and_loss,
    padded,
    save_adapter,
)

BASE = "bert-mini"
_BATCH = 32
_HEAD = re.compile(r"(^|\.)(pooler|classifier|score)\.")


@dataclass(frozen=True)
class TuningPlan:
    """How long and how fast; rates rise over a tenth of the steps and fall to nothing in a straight line.

    Attributes
    ----------
    head_rate
        Of what lies behind the last layer. It is new, and the output of a small model at [CLS] differs little between
        sentences: with the rate of the rest most of a short training would be spent before it tells anything.
    """

    epochs: int
    rate: float
    head_rate: float
    weight_decay: float = 0.01


ADAPTER_PLAN = TuningPlan(4, 1e-3, 3e-3)


def fine_tune(
    net: PreTrainedModel, data: Labelled, tokenizer: PreTrainedTokenizerFast, plan: TuningPlan, seed: int
) -> Iterator[tuple[int, float]]:
    """Train; gives the number of each epoch that is done, and its mean loss."""
    rows, labels = encoded(data.texts, tokenizer), torch.from_numpy(data.labels)
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    named = [(name, p) for name, p in net.named_parameters() if p.requires_grad]
    parameters = [p for _, p in named]
    rates = (plan.rate, plan.head_rate)
    sides = [[p for name, p in named if bool(_HEAD.search(name)) is is_head] for is_head in (False, True)]
    groups = [{"params": side} for side in sides]
    optimizer = torch.optim.AdamW(groups, plan.rate, betas=(0.9, 0.98), weight_decay=plan.weight_decay, fused=True)
    n_steps = plan.epochs * math.ceil(len(rows) / _BATCH)
    step = 0
    for epoch in range(1, plan.epochs + 1):
        net.train()
        losses: list[float] = []
        for places in _batches(rows, rng):
            share = min((step + 1) / (0.1 * n_steps), (n_steps - step) / (0.9 * n_steps))
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
            _, loss = logits_and_loss(net, *padded([rows[place] for place in places]), labels[places])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            losses.append(loss.item())
            step += 1
        yield epoch, float(np.mean(losses))


def _batches(rows: list[list[int]], rng: np.random.Generator) -> list[np.ndarray]:
    """Places of about the same length together, so that little is filled up; in random order."""
    lengths = np.array([len(row) for row in rows]) + rng.uniform(0, 8, len(rows))
    order = np.argsort(lengths)
    parts = [order[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
    return [parts[place] for place in rng.permutation(len(parts))]


@torch.inference_mode()
def accuracy(net: PreTrainedModel, data: Labelled, tokenizer: PreTrainedTokenizerFast) -> float:
    """Share of the sentences whose label it tells."""
    net.eval()
    rows, labels = encoded(data.texts, tokenizer), torch.from_numpy(data.labels)
    order = np.argsort([len(row) for row in rows])
    n_right = 0
    for start in range(0, len(rows), 64):
        places = order[start : start + 64]
        logits, _ = logits_and_loss(net, *padded([rows[place] for place in places]), labels[places])
        n_right += int((logits.argmax(-1) == labels[places]).sum())
    return n_right / len(rows)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with classification/")
    parser.add_argument("--out", type=Path, help="write the adapter there")
    parser.add_argument("--base", default=BASE, help="a bundled checkpoint, or a folder")
    parser.add_argument("--full", action="store_true", help="all weights; nothing is written")
    parser.add_argument("--scratch", action="store_true", help="from random weights")
    parser.add_argument("--examples", type=int, help="so many labelled sentences only")
    parser.add_argument("--epochs", type=int, default=ADAPTER_PLAN.epochs)
    parser.add_argument("--rate", type=float, default=ADAPTER_PLAN.rate)
    parser.add_argument("--head-rate", type=float, default=ADAPTER_PLAN.head_rate)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--choose", action="store_true", help=f"train without {N_TRIED:,} sentences, and try on these")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    data, tried = read_polarity(args.data, "train"), read_polarity(args.data, "val")
    if args.choose:
        data, tried = data.parted(N_TRIED, 0)
    data = data.some(args.examples, args.seed) if args.examples else data
    net, tokenizer = build(args.base, is_pretrained=not args.scratch, seed=args.seed), load_tokenizer(args.base)
    if not (args.full or args.scratch):
        add_low_rank(net)
    for epoch, loss in fine_tune(net, data, tokenizer, TuningPlan(args.epochs, args.rate, args.head_rate), args.seed):
        print(f"epoch {epoch}: loss {loss:.3f}", flush=True)
    print(f"accuracy on {len(tried):,} sentences: {accuracy(net, tried, tokenizer):.4f}", flush=True)
    if args.out and not (args.full or args.scratch):
        save_adapter(net, args.base, args.out)


if __name__ == "__main__":
    main()
