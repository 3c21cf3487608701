"""Write the adapter with its card, and beside it what was measured, as the app shows it.

    python -m resources.recipes.polarity.report --state STATE --out resources/checkpoints/bert-mini-polarity

An adapter that was written is measured again, beside what needs no network, with `--data DIR` in place of `--state`;
nothing is written then.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from statistics import mean, stdev
from typing import Any, cast

import torch
from transformers import PreTrainedTokenizerFast

from inference.checkpoints.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from inference.context import Context
from inference.forward.opening import load
from resources.recipes.polarity.data import read_polarity
from resources.recipes.polarity.measure import EPOCHS, RATES, SIMPLE, SIZES, read_runs, simple_accuracy
from resources.recipes.polarity.networks import LAMBDA, RANK
from resources.recipes.polarity.train import ADAPTER_PLAN, accuracy

STUDY = "fine_tuning.json"
_SPLIT = "sentence polarity v1.0 (Pang and Lee 2005), its split of 8,529 for training and 1,074 for validation"

RunRow = dict[str, Any]

CARD = """---
license: apache-2.0
language: en
base_model: {base}
library_name: peft
---
# {name}

[{base}](../{base}/README.md), fine-tuned to tell whether a sentence about a film praises it (`positive`) or not
(`negative`). An adapter: low-rank changes of every matrix of its layers (LoRA of rank {rank}, Hu et al. 2022),
{whole};
in half precision, {size:,} bytes. It is merged into {base} when it is opened.

## Data
Sentences of film reviews, sentence polarity dataset v1.0 by Bo Pang and Lillian Lee (2005, "Seeing stars"), CC BY 4.0:
8,529 for training, 1,074 for validation. There is no other test split here: epochs and rates were chosen on 1,000
sentences of the train split that were left out for that, from few settings and with 2,000 examples; the rate of the
adapter was not tuned. The validation split was looked at once a run.

## Training
{epochs} epochs, AdamW, batches of 32, dropout 0.1, rate {rate:g} (head {head_rate:g}), which rises over a tenth of
the steps and falls to nothing in a straight line, seed 0:

    python -m resources.recipes.polarity.measure --data DIR --state STATE --base {base}
    python -m resources.recipes.polarity.report --state STATE --out resources/checkpoints/{name}

## Measured on the validation split
Accuracy. Baseline: a logistic regression on counts of words (scikit-learn, its defaults). Controls: the same network
from random weights, and always the more frequent label.

| | accuracy | runs |
|---|---|---|
{all_rows}

By the number of labelled examples, as many of each label, the mean over the runs and their standard deviation where
there are several ({days}); the app shows these numbers under Fine-tuning, from `{study}`:

| | {sizes} |
|---|{rules}|
{rows}

{verdict}

This adapter, counts of words and the more frequent label are measured again by one command, which needs the data and
this folder only; the other networks take the training (`measure`, above):

    python -m resources.recipes.polarity.report --data DIR --out resources/checkpoints/{name}

## Limits
It has read little before it was fine-tuned, and only sentences about films since. It knows lower-case English, and gets
plain sentences wrong, too: see the accuracy. It is here to be looked at, not to judge anybody's writing.
"""


def methods(base: str) -> dict[str, str]:
    """What each method is, in words."""
    return {
        "fine-tuned": f"{base}, pre-trained, then fine-tuned",
        "adapter": f"{base}, fine-tuned as a LoRA adapter",
        "scratch": "the same network from random weights",
        "words": "logistic regression on counts of words",
        "majority": "always the more frequent label",
    }


def grouped(runs: Iterable[RunRow]) -> dict[tuple[str, int], list[RunRow]]:
    """Runs that differ in their seed only, by method and number of examples; of simple methods one run of all."""
    found: dict[tuple[str, int], list[RunRow]] = {}
    for run in runs:
        if run["method"] in SIMPLE and not run["size"] and run["seed"]:
            continue  # they have no seed: of all examples the same comes out
        found.setdefault((run["method"], run["n"]), []).append(run)
    return found


def study(runs: list[RunRow], base: str) -> dict[str, Any]:
    """What the app shows."""
    groups, first = grouped(runs), runs[0]
    days = sorted({run["day"] for run in runs})
    plans = [f"{'all' if not size else f'{size:,}'} examples {epochs} epochs" for size, epochs in EPOCHS.items()]
    told = [
        f"Measured when {base} was fine-tuned, {days[0] if len(days) == 1 else f'{days[0]} to {days[-1]}'}: "
        f"accuracy on the {first['n_val']:,} sentences of the validation split of {_SPLIT}.",
        f"Networks: {', '.join(plans)}; AdamW at {RATES['fine-tuned'][0]:g}, from random weights at "
        f"{RATES['scratch'][0]:g}; rates and epochs were chosen on 1,000 sentences of the train split.",
    ]
    return {
        "task": "does a sentence about a film praise it",
        "base": base,
        "n_tested": first["n_val"],
        "methods": methods(base),
        "runs": [
            {"method": method, "n": n, "seeds": [r["seed"] for r in of], "accuracies": [r["accuracy"] for r in of]}
            for (method, n), of in groups.items()
        ],
        "told": told,
    }


def _cell(runs: list[RunRow]) -> str:
    if not runs:
        return ""
    accuracies = [run["accuracy"] for run in runs]
    text = f"{mean(accuracies):.3f}"
    return text + (f" ± {stdev(accuracies):.3f}" if len(accuracies) > 1 else "")


def card(runs: list[RunRow], base: str, name: str, size: int) -> str:
    """The model card: data, split, metric, baseline, controls and command."""
    groups, named = grouped(runs), methods(base)
    most = max(run["n"] for run in runs)
    numbers = [n or most for n in SIZES]
    at_most = {method: groups.get((method, most), []) for method in named}
    all_rows = [
        f"| {'**' if method == 'adapter' else ''}{named[method]}{'** (this one)' if method == 'adapter' else ''} | "
        f"{_cell(of)} | {len(of)} |"
        for method, of in at_most.items()
        if of
    ]
    rows = [
        f"| {named[method]} | {' | '.join(_cell(groups.get((method, n), [])) for n in numbers)} |"
        for method in named
        if method != "adapter"
    ]
    is_gpt = "gpt" in base
    whole = "the new head whole" if is_gpt else "the pooler behind [CLS] and the new head whole"
    if is_gpt:
        whole += f"; the language model's loss is added with a weight of {LAMBDA:g} (Radford et al. 2018, section 3.2)"
    return CARD.format(
        base=base,
        name=name,
        rank=RANK,
        whole=whole,
        size=size,
        epochs=ADAPTER_PLAN.epochs,
        rate=ADAPTER_PLAN.rate,
        head_rate=ADAPTER_PLAN.head_rate,
        all_rows="\n".join(all_rows),
        days=", ".join(sorted({run["day"] for run in runs})),
        study=STUDY,
        sizes=" | ".join(f"{n:,}" for n in numbers),
        rules="|".join(["---"] * len(numbers)),
        rows="\n".join(rows),
        verdict=verdict(groups, most),
    )


def verdict(groups: dict[tuple[str, int], list[RunRow]], most: int) -> str:
    """What the numbers say, in a sentence or two, whichever way they fall."""

    def of(method: str) -> float:
        return mean(run["accuracy"] for run in groups[method, most])

    compared = {"scratch": "the same network from random weights", "words": "counting words"}
    parts = [
        f"{'beats' if of('fine-tuned') > of(method) else 'does not beat'} {name} "
        f"({100 * of('fine-tuned'):.1f} % against {100 * of(method):.1f} %)"
        for method, name in compared.items()
        if (method, most) in groups
    ]
    return f"With all {most:,} examples the fine-tuned network {' and '.join(parts)}."


def measure_again(folder: Path, data: Path) -> dict[str, float]:
    """Accuracy on the validation split of an adapter that was written, and of what takes no network."""
    model = load(str(folder), Context())
    tokenizer = cast("PreTrainedTokenizerFast", model.tokenizer)
    train, val = read_polarity(data, "train"), read_polarity(data, "val")
    found = {"adapter": accuracy(model.net, val, tokenizer)}
    return found | {method: simple_accuracy(method, train, val) for method in SIMPLE}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--state", type=Path, help="folder that `measure` wrote")
    source.add_argument("--data", type=Path, help="folder with classification/: measure the folder `--out` again")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.data:
        print(json.dumps(measure_again(args.out, args.data)))
        return
    runs = read_runs(args.state)
    base = runs[0]["base"]
    args.out.mkdir(parents=True, exist_ok=True)
    for name in (ADAPTER_CONFIG, ADAPTER_WEIGHTS):
        shutil.copyfile(args.state / "adapter" / name, args.out / name)
    found = json.dumps(study(runs, Path(base).name), indent=1, ensure_ascii=False)
    (args.out / STUDY).write_text(found + "\n", encoding="utf-8")
    size = (args.out / ADAPTER_WEIGHTS).stat().st_size
    (args.out / "README.md").write_text(card(runs, Path(base).name, args.out.name, size), encoding="utf-8")


if __name__ == "__main__":
    main()
