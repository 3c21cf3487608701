"""Train `polygen-furniture`: a PolyGen that draws tables, chairs, lamps and nine other kinds of furniture.

    python -m resources.recipes.polygen_furniture --state DIR --part vertices
    python -m resources.recipes.polygen_furniture --state DIR --part faces
    python -m resources.recipes.polygen_furniture_report --state DIR --out resources/checkpoints/polygen-furniture

The two models share nothing, so their runs can go on side by side. Each goes on where it was when started again, also
when more steps are asked for than it has done: the learning rate then rises once more, and falls again.

References
----------
Nash et al. 2020, "PolyGen: An Autoregressive Generative Model of 3D Meshes".
"""

from __future__ import annotations

import json

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.models.polygen import PolyGenConfig, PolyGenForMeshGeneration
from resources.furniture import LABELS, MOST_CORNERS
from resources.recipes.furniture_data import (
    IGNORED,
    batch_order,
    face_batch,
    jittered,
    training_pieces,
    vertex_batch,
)
from resources.recipes.training import Plan, parsed, run_parser, train

N_PIECES = 50_000
N_BATCH = 16


def build_model(seed: int) -> PolyGenForMeshGeneration:
    """128 wide with 4 heads: 5 layers for the vertices, 3 and 4 for the faces."""
    torch.manual_seed(seed)
    config = PolyGenConfig(
        hidden_size=128,
        num_attention_heads=4,
        intermediate_size=512,
        num_vertex_layers=5,
        num_encoder_layers=3,
        num_face_layers=4,
        max_vertices=MOST_CORNERS + 12,
        max_face_tokens=400,
        id2label=dict(enumerate(LABELS)),
        label2id={label: i for i, label in enumerate(LABELS)},
    )
    return PolyGenForMeshGeneration._from_config(config, attn_implementation="sdpa")


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=4_000, rate=2e-3)
    parser.add_argument("--part", choices=("vertices", "faces"), required=True)
    parser.add_argument(
        "--jitter", type=float, default=0.5, help="share of the meshes whose faces are read with errors"
    )
    args = parsed(parser)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    pieces = training_pieces(200 if args.smoke else N_PIECES, args.state / f"train{'-smoke' if args.smoke else ''}.npz")
    net = build_model(args.seed)
    net.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    by_faces = args.part == "faces"
    orders: dict[int, list[np.ndarray]] = {}

    def batch(step: int) -> list:
        n = len(pieces) // N_BATCH
        epoch, place = divmod(step, n)
        if epoch not in orders:
            orders.clear()
            orders[epoch] = batch_order(pieces, N_BATCH, epoch, by_faces=by_faces)
        order = orders[epoch]
        return [pieces[i] for i in order[place % len(order)]]

    def vertex_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        chosen = batch(step)
        given, wanted, labels = (tensor.to(device) for tensor in vertex_batch(chosen))
        return _loss(net.vertex_model(given, labels), wanted, sum(len(piece.values) for piece in chosen))

    def face_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        # Some are read with small errors: the vertices that the model is given in use are drawn, not true.
        rng = np.random.default_rng((args.seed, step))
        chosen = [jittered(piece, rng) if rng.random() < args.jitter else piece for piece in batch(step)]
        vertices, is_vertex, given, wanted = (tensor.to(device) for tensor in face_batch(chosen))
        items = net.face_model.encode(vertices, is_vertex)
        logits = net.face_model(items, given, is_vertex)
        return _loss(logits, wanted, sum(len(piece.values) for piece in chosen))

    part = net.face_model if by_faces else net.vertex_model
    plan = Plan(args.steps, args.rate)
    file = args.state / f"{args.part}.pt"
    train(part, face_loss if by_faces else vertex_loss, plan, file, is_matrix=lambda name: "layers." in name)
    told = args.state / f"{args.part}.json"
    before = json.loads(told.read_text(encoding="utf-8"))["stages"] if told.exists() else []
    stage = f"--steps {plan.n_steps}" + (f" --jitter {args.jitter:g}" if by_faces else "")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "seed": args.seed, "n_pieces": len(pieces)}
    told.write_text(json.dumps(run | {"stages": [*before, stage]}), encoding="utf-8")


def _loss(logits: Tensor, wanted: Tensor, n_vertices: int) -> tuple[Tensor, dict[str, float]]:
    """Mean over the tokens; told are bits per vertex and how many tokens were guessed."""
    flat = wanted.flatten()
    loss = F.cross_entropy(logits.float().flatten(0, 1), flat, ignore_index=IGNORED)
    n_tokens = int((flat != IGNORED).sum())
    hits = (logits.argmax(-1).flatten() == flat).sum().item() / n_tokens
    return loss, {"bits": loss.item() * n_tokens / n_vertices / float(np.log(2)), "top1": hits}


if __name__ == "__main__":
    main()
