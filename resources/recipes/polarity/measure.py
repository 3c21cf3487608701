"""What pre-training buys: accuracy on the validation split by the number of labelled examples, beside controls.

    python -m resources.recipes.polarity.measure --data DIR --state STATE

Each run is a line in STATE/runs.jsonl; runs that stand there are not made again, so it can be stopped at any time.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from resources.recipes.polarity.data import Labelled, read_polarity
from resources.recipes.polarity.networks import add_low_rank, build, load_tokenizer, save_adapter
from resources.recipes.polarity.train import ADAPTER_PLAN, BASE, TuningPlan, accuracy, fine_tune

RUNS = "runs.jsonl"
SIZES = (100, 500, 2_000, 0)  # 0: all
# Chosen on sentences of the train split that were left out for that; see the card.
RATES = {"fine-tuned": (3e-4, 3e-3), "scratch": (5e-4, 5e-4)}  # of the body and of the head
EPOCHS = {100: 10, 500: 6, 2_000: 4, 0: 3}
SEEDS = (0, 1, 2)
SIMPLE = ("words", "majority")  # the most frequent label, and counts of words


def plan_of(method: str, size: int) -> TuningPlan:
    """How a method is trained on so many examples."""
    return ADAPTER_PLAN if method == "adapter" else TuningPlan(EPOCHS[size], *RATES[method])


def wanted(seeds: tuple[int, ...]) -> list[tuple[str, int, int]]:
    """Method, size and seed of every run, what matters most first."""
    first = [("adapter", 0, 0), ("fine-tuned", 0, 0)]
    simple = [(method, size, seed) for method in SIMPLE for size in SIZES for seed in seeds]
    both = [(method, size, seed) for seed in seeds for size in SIZES for method in ("fine-tuned", "scratch")]
    return list(dict.fromkeys((*simple, *first, *both)))


def network_accuracy(
    method: str, base: str, train: Labelled, val: Labelled, plan: TuningPlan, seed: int, folder: Path
) -> float:
    """Of a network that is trained on these sentences."""
    net, tokenizer = build(base, is_pretrained=method != "scratch", seed=seed), load_tokenizer(base)
    if method == "adapter":
        add_low_rank(net)
    for epoch, loss in fine_tune(net, train, tokenizer, plan, seed):
        print(f"  epoch {epoch}: loss {loss:.3f}", flush=True)
    if method == "adapter":
        save_adapter(net, base, folder)
        net.half().float()  # as it is shipped
    return accuracy(net, val, tokenizer)


def simple_accuracy(method: str, train: Labelled, val: Labelled) -> float:
    """Of the most frequent label, or of a logistic regression on counts of words (scikit-learn)."""
    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if method == "majority":
        return float((val.labels == np.bincount(train.labels).argmax()).mean())
    model = make_pipeline(CountVectorizer(token_pattern=r"(?u)\S+"), LogisticRegression(max_iter=1_000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(train.texts, train.labels)
    return float(model.score(val.texts, val.labels))


def read_runs(state: Path) -> list[dict[str, Any]]:
    """The runs that were made."""
    file = state / RUNS
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with classification/")
    parser.add_argument("--state", type=Path, required=True, help="where the runs are kept")
    parser.add_argument("--base", default=BASE, help="a bundled checkpoint, or a folder")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--smoke", action="store_true", help="on a few sentences")
    args = parser.parse_args()
    logging.set_verbosity_error()  # a new head is new weights, which is meant
    logging.disable_progress_bar()
    if args.threads:
        torch.set_num_threads(args.threads)
    train, val = read_polarity(args.data, "train"), read_polarity(args.data, "val")
    if args.smoke:
        train, val = train.some(200, 0), val.some(20, 0)
    args.state.mkdir(parents=True, exist_ok=True)
    done = {(run["method"], run["size"], run["seed"]) for run in read_runs(args.state)}
    for method, size, seed in wanted(tuple(range(args.seeds))):
        if (method, size, seed) in done:
            continue
        data, began = train.some(size, seed) if size else train, time.monotonic()
        run: dict[str, Any] = {"method": method, "size": size, "n": len(data), "seed": seed}
        if method in SIMPLE:
            found = simple_accuracy(method, data, val)
        else:
            plan = plan_of(method, size)
            plan = replace(plan, epochs=1) if args.smoke else plan
            found = network_accuracy(method, args.base, data, val, plan, seed, args.state / "adapter")
            run |= {"epochs": plan.epochs, "rate": plan.rate, "head_rate": plan.head_rate}
        run |= {"accuracy": round(found, 5), "seconds": round(time.monotonic() - began)}
        run |= {"n_val": len(val), "base": args.base, "day": time.strftime("%Y-%m-%d")}
        with (args.state / RUNS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(run) + "\n")
        print(json.dumps(run), flush=True)


if __name__ == "__main__":
    main()
