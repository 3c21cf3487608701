"""Train a model of words and regions of drawn scenes.

    python -m resources.recipes.joint_scenes.train --system uniter-scenes --state DIR

It goes on from where it stopped, if there is something in `DIR`. Regions are those of `scene-detector`.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from inference.models.scene_detector import SceneDetector
from inference.models.streams.vilt import ViltForPreTraining
from resources import DETECTORS
from resources.recipes.joint_scenes.data import make_tokenizer, training_batch
from resources.recipes.joint_scenes.systems import DETECTOR, SYSTEMS, PatchTeacher, build, losses_of, reads_pixels
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.scene_shapes import KINDS

N_SCENES = 16


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=4_000, rate=2e-3)
    parser.add_argument("--system", choices=tuple(SYSTEMS), required=True)
    parser.add_argument("--detector", type=Path, default=DETECTORS / DETECTOR, help="folder of the detector")
    parser.add_argument("--keep", type=int, default=0, help="every so many steps its weights are kept, for its curve")
    args = parsed(parser)
    detector = SceneDetector.from_pretrained(args.detector, dtype=torch.float32).eval()
    tokenizer = make_tokenizer()
    model = build(args.system, args.seed, len(tokenizer), detector.config)
    seeing = None if reads_pixels(args.system) else detector
    teacher = PatchTeacher(model, len(KINDS)) if isinstance(model, ViltForPreTraining) else None
    n_scenes = 2 if args.smoke else N_SCENES

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        if args.keep and step and step % args.keep == 0:
            (args.state / "kept").mkdir(exist_ok=True, parents=True)
            torch.save({"model": model.state_dict(), "step": step}, args.state / "kept" / f"{step:06d}.pt")
        batch = training_batch(step, n_scenes, seeing, tokenizer, has_tags=SYSTEMS[args.system])
        losses = losses_of(model, batch)
        if teacher is not None:
            losses["patches"] = teacher.loss(batch)
        return torch.stack(list(losses.values())).sum(), {name: loss.item() for name, loss in losses.items()}

    plan = Plan(args.steps, args.rate, warm_up=200)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".encoder." in name)
    if teacher is not None:
        teacher.leave()
    model.eval().half().save_pretrained(args.state / "model")
    tokenizer.save_pretrained(args.state / "model")
    run = {"system": args.system, "steps": plan.n_steps, "scenes": n_scenes, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
