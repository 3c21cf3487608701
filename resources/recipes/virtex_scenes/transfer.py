"""What learning from captions is worth for another task: naming what a portrait shows, by the number of labelled ones.

    python -m resources.recipes.virtex_scenes.transfer --labels LABEL_STATE --state STATE --out CHECKPOINT

Linear classifiers read the mean of the last features of a frozen network: of the one that wrote captions, of the same
one trained on labels of the very same scenes (`label`), and of one with random weights; beside them a network that is
trained wholly on the portraits. Each run is a line in STATE/runs.jsonl and is not made again.

References
----------
Desai and Johnson 2021, "VirTex", sections 4.1 and 4.2: linear probes, and captions against other annotations.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from inference.analyses.fine_tuning import STUDY
from inference.models.virtex.model import VirTex, VisualBackbone
from inference.training.linear_probe import linear_probe
from resources.recipes.scene_data import TEST, TRAIN, images
from resources.recipes.virtex_scenes.label import LabelNetwork, make_network
from resources.scene_shapes import KINDS
from resources.scenes import Scene, make_portrait

RUNS = "runs.jsonl"
SIZES = (100, 500, 2_000, 8_000)
SEEDS = (0, 1, 2)
METHODS = {
    "captions": "linear classifier on the network that wrote captions",
    "labels": "the same on one trained on labels of the same scenes",
    "random": "the same on one with random weights",
    "scratch": "the whole network trained on these portraits alone",
}
_N_TEST = 1_000
_N_BATCH = 32
_EPOCHS = {100: 40, 500: 20, 2_000: 10, 8_000: 4}
_SEEDED_BELOW = 2_000  # portraits; on more a network is trained once
_RATE = 2e-3


def portraits(size: int, seed: int) -> tuple[list[Scene], np.ndarray]:
    """So many portraits that no other seed has, and the numbers of their kinds."""
    first = TRAIN.start + seed * max(SIZES)
    return _labelled(range(first, first + size))


def _labelled(seeds: range) -> tuple[list[Scene], np.ndarray]:
    scenes = [make_portrait(seed) for seed in seeds]
    kinds = list(KINDS)
    return scenes, np.array([kinds.index(scene.things[0].kind) for scene in scenes])


@torch.inference_mode()
def features(visual: VisualBackbone, scenes: list[Scene]) -> np.ndarray:
    """float32 [image, feature]: the mean of the places."""
    visual.eval()
    parts = [scenes[i : i + 100] for i in range(0, len(scenes), 100)]
    return np.concatenate([visual(images(part))[0].mean(1).numpy() for part in parts])


def probe_accuracy(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> float:
    """Of a linear classifier, on images that it did not learn from."""
    return float(linear_probe(*train).score(*test))


def scratch_accuracy(train: tuple[list[Scene], np.ndarray], test: tuple[list[Scene], np.ndarray], seed: int) -> float:
    """Of a network that is trained on these images alone, from random weights."""
    (scenes, kinds), network = train, make_network(seed)
    head = nn.Linear(network.visual.cnn.d_out, len(KINDS))
    parameters = [*network.visual.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, _RATE, betas=(0.9, 0.98), weight_decay=0.01)
    pixels, truth = images(scenes), torch.from_numpy(kinds)
    n_epochs = _EPOCHS.get(len(scenes), 1)
    n_steps = n_epochs * -(-len(scenes) // _N_BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, n_steps)
    rng = torch.Generator().manual_seed(seed)
    for _ in range(n_epochs):
        network.train()
        for places in torch.randperm(len(scenes), generator=rng).split(_N_BATCH):
            loss = F.cross_entropy(head(network.visual(pixels[places])[0].mean(1)), truth[places])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.inference_mode():
        found = head(torch.from_numpy(features(network.visual, test[0]))).argmax(-1).numpy()
    return float((found == test[1]).mean())


def backbones(checkpoint: Path, labels: Path | None) -> dict[str, VisualBackbone]:
    """The frozen networks, by method."""
    model = VirTex.from_pretrained(checkpoint, dtype=torch.float32)
    found = {"captions": model.visual, "random": make_network(0).visual}
    if labels is not None:
        told: LabelNetwork = make_network(0)
        state: dict[str, Tensor] = torch.load(labels / "state.pt", weights_only=True)["model"]
        told.load_state_dict(state)
        found["labels"] = told.visual
    return found


def read_runs(state: Path) -> list[dict[str, Any]]:
    """The runs that were made."""
    file = state / RUNS
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def study(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """What the app shows."""
    days = sorted({run["day"] for run in runs})
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for run in runs:
        groups.setdefault((run["method"], run["n"]), []).append(run)
    epochs = ", ".join(map(str, _EPOCHS.values()))
    return {
        "task": "which of 16 kinds of thing does a portrait show",
        "base": "virtex-scenes",
        "unit": "portraits",
        "n_tested": runs[0]["n_tested"],
        "methods": {name: about for name, about in METHODS.items() if any(run["method"] == name for run in runs)},
        "runs": [
            {"method": method, "n": n, "seeds": [r["seed"] for r in of], "accuracies": [r["accuracy"] for r in of]}
            for (method, n), of in groups.items()
        ],
        "told": [
            f"Measured when virtex-scenes was trained, {days[0] if len(days) == 1 else f'{days[0]} to {days[-1]}'}: "
            f"accuracy on {runs[0]['n_tested']:,} portraits that none of the networks has seen; chance is 1 in 16.",
            "Scenes of captions (and of labels, which tell all colours and kinds of a scene) have several things; "
            f"only the network that is trained on portraits alone has seen one before, for {epochs} epochs.",
        ],
    }


def _keep(state: Path, method: str, n: int, seed: int, accuracy: float, n_tested: int, began: float) -> None:
    """A run is a line."""
    run = {"method": method, "n": n, "seed": seed, "accuracy": round(accuracy, 5), "n_tested": n_tested}
    run |= {"seconds": round(time.monotonic() - began), "day": time.strftime("%Y-%m-%d")}
    with (state / RUNS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(run) + "\n")
    print(json.dumps(run), flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, help="state of `label`; without it captions are compared with the rest")
    parser.add_argument("--state", type=Path, required=True, help="where the runs are kept")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint; gets the numbers")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--smoke", action="store_true", help="on a few images")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    args.state.mkdir(parents=True, exist_ok=True)
    sizes, seeds, n_test = ((32,), (0,), 16) if args.smoke else (SIZES, SEEDS, _N_TEST)
    test = _labelled(TEST[:n_test])
    done = {(run["method"], run["n"], run["seed"]) for run in read_runs(args.state)}
    frozen = backbones(args.out, args.labels)
    tested = {method: features(visual, test[0]) for method, visual in frozen.items()}
    for seed in seeds:
        scenes, kinds = portraits(max(sizes), seed)
        learned = {method: features(visual, scenes) for method, visual in frozen.items()}
        for n in sizes:
            for method in frozen:
                if (method, n, seed) not in done:
                    began = time.monotonic()
                    found = probe_accuracy((learned[method][:n], kinds[:n]), (tested[method], test[1]))
                    _keep(args.state, method, n, seed, found, n_test, began)
    for n in sizes:  # what takes long comes last
        for seed in seeds[:1] if n >= _SEEDED_BELOW else seeds:
            if ("scratch", n, seed) not in done:
                began = time.monotonic()
                found = scratch_accuracy(portraits(n, seed), test, seed)
                _keep(args.state, "scratch", n, seed, found, n_test, began)
    told = json.dumps(study(read_runs(args.state)), indent=1, ensure_ascii=False)
    (args.out / STUDY).write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
