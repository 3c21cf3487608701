"""Measure a run at the steps whose weights were kept.

python -m resources.recipes.joint_scenes.curve --system oscar-scenes --out curve.json STATE/kept/*.pt
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from inference.models.scene_detector import SceneDetector
from resources import DETECTORS
from resources.recipes.joint_scenes.data import make_tokenizer
from resources.recipes.joint_scenes.report import Measurer, measure
from resources.recipes.joint_scenes.systems import DETECTOR, SYSTEMS, build
from resources.recipes.scene_data import VALIDATION


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--system", choices=tuple(SYSTEMS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="file of the figures")
    parser.add_argument("--n-scenes", type=int, default=200, help="on which they are measured")
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("states", type=Path, nargs="+", help="what `train --keep` wrote, or its `state.pt`")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    detector = SceneDetector.from_pretrained(DETECTORS / DETECTOR, dtype=torch.float32).eval()
    tokenizer = make_tokenizer()
    model = build(args.system, 0, len(tokenizer), detector.config).eval()
    points = {}
    for file in args.states:
        state = torch.load(file, weights_only=True)
        model.load_state_dict(state["model"])
        figures = measure(Measurer(model, tokenizer, detector), VALIDATION[: args.n_scenes])
        points[state["step"]] = {name: round(figures[name], 4) for name in ("attribute", "pairs", "changed")}
        print(json.dumps({"step": state["step"]} | points[state["step"]]), flush=True)
    found = {"n_scenes": args.n_scenes, "points": dict(sorted(points.items()))}
    args.out.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
