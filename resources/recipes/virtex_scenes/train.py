"""Train `virtex-scenes`, or go on with it: a network that has seen no label, only captions.

    python -m resources.recipes.virtex_scenes.train --state FIRST --without-places
    python -m resources.recipes.virtex_scenes.train --state DIR --start FIRST/model --steps 2000
    python -m resources.recipes.virtex_scenes.report --state DIR --out resources/checkpoints/virtex-scenes

Every step has scenes that no other one has. An image is read once for several of its captions.

References
----------
Desai and Johnson 2021, "VirTex: Learning Visual Representations from Textual Annotations", section 3.2.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor
from transformers.modeling_outputs import BaseModelOutput

from inference.models.virtex.layers import VirTexConfig
from inference.models.virtex.model import VirTex
from resources.recipes.scene_data import SIDE, images
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.recipes.virtex_scenes.data import LONGEST, make_tokenizer, token_ids, training_batch

N_SCENES, N_CAPTIONS = 32, 4  # of a step, and of each scene


def build_model(seed: int, n_tokens: int, *, knows_places: bool = True) -> VirTex:
    """A residual network that makes 8 x 8 places of 64 x 64 pixels, and two layers of 128 with 4 heads each way.

    Other than in the paper a place tells where it is: so small a network, trained so briefly, did not find it out, and
    told relations hardly better than by chance. To say where a second thing is takes two layers: one finds the first
    thing, the next one what lies beside it.
    """
    torch.manual_seed(seed)
    config = VirTexConfig(
        vocab_size=n_tokens,
        hidden_size=128,
        decoder_layers=2,
        decoder_attention_heads=4,
        decoder_ffn_dim=512,
        max_position_embeddings=LONGEST,
        image_size=SIDE,
        resnet_depths=(1, 2, 4),
        resnet_strides=(1, 2, 2),
        resnet_width=32,
        resnet_is_small=True,
        knows_places=knows_places,
        dropout=0.0,  # no scene is seen twice
    )
    return VirTex._from_config(config, attn_implementation="sdpa")


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=6_000, rate=2e-3)
    parser.add_argument("--start", type=Path, help="folder `model` of another run whose weights it begins with")
    parser.add_argument("--without-places", action="store_true", help="places do not tell where they are, as published")
    args = parsed(parser)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = make_tokenizer()
    model = build_model(args.seed, len(tokenizer), knows_places=not args.without_places)
    run = {"steps": args.steps, "seed": args.seed, "captions": N_CAPTIONS}
    if args.start:
        model.load_state_dict(VirTex.from_pretrained(args.start, dtype=torch.float32).state_dict())
        before = json.loads((args.start.parent / "run.json").read_text(encoding="utf-8"))
        run |= {"first_steps": before["steps"]}
    first = run.get("first_steps", 0)
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    n_scenes = 2 if args.smoke else N_SCENES

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        scenes, captions = training_batch(first + step, n_scenes, N_CAPTIONS)
        places = model.visual(images(scenes).to(device))[0].repeat_interleave(N_CAPTIONS, 0)
        read = BaseModelOutput(last_hidden_state=places)
        found = model(encoder_outputs=read, labels=token_ids(tokenizer, captions).to(device))
        return found.loss, {}

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".transformer." in name)
    model.eval().half().save_pretrained(args.state / "model")
    tokenizer.save_pretrained(args.state / "model")
    run |= {"steps": plan.n_steps, "scenes": n_scenes}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
