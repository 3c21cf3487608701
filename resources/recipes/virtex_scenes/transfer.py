"""What learning from captions is worth for another task: naming what a portrait shows, by the number of labelled ones.

    python -m resources.recipes.virtex_scenes.transfer --labels LABEL_STATE --state STATE --out CHECKPOINT
    python -m resources.recipes.virtex_scenes.transfer --again --out CHECKPOINT

Linear classifiers read the mean of the last features of a frozen network: of the one that wrote captions, of the same
one trained on labels of the first half of these scenes (`label`), and of one with random weights; beside them a network
that is trained wholly on the portraits. Each run is a line in STATE/runs.jsonl and is not made again. What learned from
labels comes with the checkpoint, so that `--again` measures it, too: it makes the runs of the study that take minutes,
writes nothing, and says how far each is from what the study has.

References
----------
Desai and Johnson 2021, "VirTex", sections 4.1 and 4.2: linear probes, and captions against other annotations.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from inference.analyses.fine_tuning import STUDY
from inference.models.virtex.model import VirTex, VisualBackbone
from inference.training.linear_probe import linear_probe
from resources.recipes.scene_data import TEST, TRAIN, images
from resources.recipes.virtex_scenes.label import make_network
from resources.scene_shapes import KINDS
from resources.scenes import Scene, make_portrait

RUNS = "runs.jsonl"
LABEL_WEIGHTS = Path("labels") / "visual.safetensors"  # in the folder of the checkpoint
MOST = 8_000  # portraits of a seed
METHODS = {
    "captions": "linear classifier on virtex-scenes, as it is",
    "labels": "the same on weights that learned from labels of the first half of the same scenes",
    "random": "the same on random weights",
    "scratch": "the whole network trained on these portraits alone",
}
_N_BATCH = 32
_EPOCHS = {100: 40, 500: 20, 2_000: 10, MOST: 4}
_RATE = 2e-3


@dataclass(frozen=True)
class StudyPlan:
    """What is measured.

    Attributes
    ----------
    sizes, seeds
        Of what classifiers learn from: so many portraits, of each of these seeds.
    scratch
        (portraits, seed) of the networks that are trained on portraits alone.
    n_test
        Portraits that all are tested on.
    """

    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    scratch: tuple[tuple[int, int], ...]
    n_test: int


# On many portraits a network is trained once.
STUDY_PLAN = StudyPlan(
    (*_EPOCHS,), (0, 1, 2), (*((n, seed) for n in (100, 500) for seed in (0, 1, 2)), (2_000, 0), (MOST, 0)), 1_000
)
AGAIN_PLAN = StudyPlan((100, 500, 2_000), (0, 1, 2), ((100, 0), (100, 1), (100, 2), (500, 0)), 1_000)
_SMOKE_PLAN = StudyPlan((32,), (0,), ((32, 0),), 16)


def portraits(size: int, seed: int) -> tuple[list[Scene], np.ndarray]:
    """So many portraits that no other seed has, and the numbers of their kinds."""
    first = TRAIN.start + seed * MOST
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


def keep_label_weights(labels: Path, checkpoint: Path) -> None:
    """Write what learned from labels into the checkpoint's folder, in half precision as the rest."""
    state: dict[str, Tensor] = torch.load(labels / "state.pt", weights_only=True)["model"]
    kept = {name.removeprefix("visual."): part for name, part in state.items() if name.startswith("visual.")}
    file = checkpoint / LABEL_WEIGHTS
    file.parent.mkdir(exist_ok=True)
    save_file({name: part.half() if part.is_floating_point() else part for name, part in kept.items()}, file)


def backbones(checkpoint: Path) -> dict[str, VisualBackbone]:
    """The frozen networks, by method: what is measured is what is shipped."""
    model = VirTex.from_pretrained(checkpoint, dtype=torch.float32)
    found = {"captions": model.visual, "random": make_network(0).visual}
    if (checkpoint / LABEL_WEIGHTS).exists():
        found["labels"] = make_network(0).visual
        found["labels"].load_state_dict(load_file(checkpoint / LABEL_WEIGHTS))
    return found


def measured(plan: StudyPlan, checkpoint: Path, done: set[tuple[str, int, int]]) -> Iterator[dict[str, Any]]:
    """The runs that are not done, one by one; what takes long comes last."""
    test = _labelled(TEST[: plan.n_test])
    frozen = backbones(checkpoint)
    tested = {method: features(visual, test[0]) for method, visual in frozen.items()}

    def run(method: str, n: int, seed: int, accuracy: float, began: float) -> dict[str, Any]:
        told = {"method": method, "n": n, "seed": seed, "accuracy": round(accuracy, 5), "n_tested": plan.n_test}
        return told | {"seconds": round(time.monotonic() - began), "day": time.strftime("%Y-%m-%d")}

    for seed in plan.seeds:
        missing = {(method, n) for method in frozen for n in plan.sizes if (method, n, seed) not in done}
        if not missing:
            continue
        scenes, kinds = portraits(max(n for _, n in missing), seed)
        learned = {method: features(frozen[method], scenes) for method in dict(sorted(missing))}
        for method, n in sorted(missing):
            began = time.monotonic()
            found = probe_accuracy((learned[method][:n], kinds[:n]), (tested[method], test[1]))
            yield run(method, n, seed, found, began)
    for n, seed in plan.scratch:
        if ("scratch", n, seed) not in done:
            began = time.monotonic()
            yield run("scratch", n, seed, scratch_accuracy(portraits(n, seed), test, seed), began)


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


def accuracy_in(told: dict[str, Any], run: dict[str, Any]) -> float | None:
    """What a study has of a run; None if nothing."""
    for row in told["runs"]:
        if (row["method"], row["n"]) == (run["method"], run["n"]) and run["seed"] in row["seeds"]:
            return float(row["accuracies"][row["seeds"].index(run["seed"])])
    return None


def _again(checkpoint: Path, plan: StudyPlan) -> None:
    began = time.monotonic()
    told = json.loads((checkpoint / STUDY).read_text(encoding="utf-8"))
    furthest = {"classifiers": 0.0, "from scratch": 0.0}
    for run in measured(plan, checkpoint, set()):
        known = accuracy_in(told, run)
        print(json.dumps(run | {"study": known}), flush=True)
        if known is not None:
            what = "from scratch" if run["method"] == "scratch" else "classifiers"
            furthest[what] = max(furthest[what], abs(known - run["accuracy"]))
    away = {f"furthest from the study, {what}": round(by, 4) for what, by in furthest.items()}
    print(json.dumps(away | {"seconds": round(time.monotonic() - began)}))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, help="state of `label`, whose weights go into the checkpoint's folder")
    parser.add_argument("--state", type=Path, help="where the runs of the whole study are kept")
    parser.add_argument("--again", action="store_true", help="only compare what takes minutes with the study")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint; gets the numbers")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--smoke", action="store_true", help="on a few images")
    args = parser.parse_args()
    if args.again == bool(args.state):
        parser.error("give either --again or --state")
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.again:
        _again(args.out, _SMOKE_PLAN if args.smoke else AGAIN_PLAN)
        return
    args.state.mkdir(parents=True, exist_ok=True)
    if args.labels:
        keep_label_weights(args.labels, args.out)
    done = {(run["method"], run["n"], run["seed"]) for run in read_runs(args.state)}
    for run in measured(_SMOKE_PLAN if args.smoke else STUDY_PLAN, args.out, done):
        with (args.state / RUNS).open("a", encoding="utf-8") as file:
            file.write(json.dumps(run) + "\n")
        print(json.dumps(run), flush=True)
    told = json.dumps(study(read_runs(args.state)), indent=1, ensure_ascii=False)
    (args.out / STUDY).write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
