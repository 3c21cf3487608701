"""Measure a trained `polygen-furniture`, and write it out as the bundled checkpoint with its card.

python -m resources.recipes.polygen_furniture_report --state DIR [--out resources/checkpoints/polygen-furniture]
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from inference.meshes.mesh import Mesh
from inference.meshes.tokens import FIRST_VERTEX, N_VALUES, STOP, NoMesh, decode_faces, decode_vertices, face_tokens
from inference.models.polygen import PolyGenForMeshGeneration
from inference.models.polygen_masks import forbidden_coordinates, forbidden_pointers
from inference.models.polygen_sampling import Sampling, Step, face_steps, values_of, vertex_steps
from resources.furniture import LABELS
from resources.recipes.baselines.context_model import ORDERS, ContextModel
from resources.recipes.furniture_data import (
    IGNORED,
    TRAIN_SEEDS,
    Piece,
    face_batch,
    test_pieces,
    training_pieces,
    vertex_batch,
)
from resources.recipes.polygen_furniture import build_model
from resources.recipes.polygen_furniture_card import card

logger = logging.getLogger(__name__)

TOP_P = 0.9
N_BATCH = 20


@dataclass(frozen=True)
class Sample:
    """What became of one sampled mesh.

    Attributes
    ----------
    n_tokens, n_invalid
        Sampled tokens of vertices and of faces, and how many of them no mesh can have there.
    faces
        Of the mesh, None where the tokens make none.
    n_flat
        How many faces lie within one bin of a plane.
    """

    n_tokens: tuple[int, int]
    n_invalid: tuple[int, int]
    key: bytes
    faces: tuple[tuple[int, ...], ...] | None
    n_flat: int
    is_closed: bool


@torch.inference_mode()
def surprisal(net: PolyGenForMeshGeneration, pieces: Sequence[Piece]) -> dict[str, float]:
    """Bits per vertex and share of tokens guessed right, of vertices and faces of true meshes."""
    sums = np.zeros((2, 3))  # bits, hits, tokens
    for start in range(0, len(pieces), N_BATCH):
        some = list(pieces[start : start + N_BATCH])
        given, wanted, labels = vertex_batch(some)
        sums[0] += _sums(net.vertex_model(given, labels), wanted)
        values, is_vertex, given, wanted = face_batch(some)
        sums[1] += _sums(net.face_model(net.face_model.encode(values, is_vertex), given, is_vertex), wanted)
    n_vertices = sum(len(piece.values) for piece in pieces)
    return {
        f"{part}_{name}": float(value)
        for part, (bits, hits, n) in zip(("vertex", "face"), sums, strict=True)
        for name, value in (("bits", bits / n_vertices), ("top1", hits / n))
    }


def _sums(logits: Tensor, wanted: Tensor) -> tuple[float, float, int]:
    real = wanted != IGNORED
    logits, wanted = logits[real], wanted[real]
    bits = F.cross_entropy(logits, wanted, reduction="sum").item() / float(np.log(2))
    return bits, (logits.argmax(-1) == wanted).sum().item(), len(wanted)


def uniform_bits(pieces: Sequence[Piece], most_vertices: int) -> dict[str, float]:
    """Bits per vertex when every token is as probable as any other, and when every one that the masks allow is."""
    sums = dict.fromkeys(("vertex_uniform", "face_uniform", "vertex_valid", "face_valid"), 0.0)
    for piece in pieces:
        n_vertices, vertices, faces = len(piece.values), piece.vertices.tolist(), piece.faces.tolist()
        sums["vertex_uniform"] += len(vertices) * np.log2(N_VALUES + 1)
        sums["face_uniform"] += len(faces) * np.log2(FIRST_VERTEX + n_vertices)
        for i in range(len(vertices)):
            sums["vertex_valid"] += np.log2((~forbidden_coordinates(vertices[:i], most_vertices)).sum())
        for i in range(len(faces)):
            sums["face_valid"] += np.log2((~forbidden_pointers(faces[:i], n_vertices)).sum())
    return {name: float(value) / sum(len(piece.values) for piece in pieces) for name, value in sums.items()}


def context_bits(train: Sequence[Piece], tests: dict[str, list[Piece]]) -> dict[str, dict[str, float]]:
    """Bits per vertex of the context model, at the number of tokens it is best at on that very test set."""
    found: dict[str, dict[str, float]] = {name: {} for name in tests}
    for part in ("vertex", "face"):
        context = ContextModel([_tokens(piece, part) for piece in train])
        for name, pieces in tests.items():
            n_choices = [N_VALUES + 1 if part == "vertex" else FIRST_VERTEX + len(piece.values) for piece in pieces]
            bits = context.bits([_tokens(piece, part) for piece in pieces], np.array(n_choices)).sum(1)
            best = int(bits.argmin())
            found[name][f"{part}_context"] = float(bits[best]) / sum(len(piece.values) for piece in pieces)
            found[name][f"{part}_context_order"] = ORDERS[best]
    return found


def _tokens(piece: Piece, part: str) -> np.ndarray:
    return piece.vertices if part == "vertex" else piece.faces


@torch.inference_mode()
def own_samples(net: PolyGenForMeshGeneration, n: int, *, with_masks: bool) -> list[Sample]:
    """Meshes sampled from nothing but a class, `n` of each; seeds 0 and up."""
    sampling = Sampling(top_p=TOP_P, with_masks=with_masks)
    samples = []
    for label in range(len(LABELS)):
        for start in range(0, n, N_BATCH):
            seeds = range(start, min(n, start + N_BATCH))
            steps = list(vertex_steps(net, label, (), seeds, sampling))
            vertices = [_drawn(steps, i) for i in range(len(seeds))]
            invalid = [_n_invalid(steps, i) for i in range(len(seeds))]
            samples += _with_faces(net, vertices, invalid, seeds, sampling)
    return samples


@torch.inference_mode()
def given_samples(net: PolyGenForMeshGeneration, pieces: Sequence[Piece], *, with_masks: bool) -> list[Sample]:
    """Faces sampled for the vertices of true meshes."""
    sampling = Sampling(top_p=TOP_P, with_masks=with_masks)
    samples = []
    for start in range(0, len(pieces), N_BATCH):
        some = pieces[start : start + N_BATCH]
        vertices = [piece.vertices.tolist() for piece in some]
        samples += _with_faces(net, vertices, [0] * len(some), range(len(some)), sampling)
    return samples


def _with_faces(
    net: PolyGenForMeshGeneration,
    vertices: Sequence[list[int]],
    n_invalid: Sequence[int],
    seeds: Sequence[int],
    sampling: Sampling,
) -> list[Sample]:
    ready = [i for i in range(len(vertices)) if vertices[i][-1] == STOP and len(values_of(vertices[i]))]
    faces: dict[int, list[int]] = {}
    invalid_faces: dict[int, int] = {}
    if ready:
        steps = list(face_steps(net, [values_of(vertices[i]) for i in ready], (), [seeds[i] for i in ready], sampling))
        faces = {i: _drawn(steps, column) for column, i in enumerate(ready)}
        invalid_faces = {i: _n_invalid(steps, column) for column, i in enumerate(ready)}
    return [
        _judged(vertices[i], faces.get(i, []), (n_invalid[i], invalid_faces.get(i, 0))) for i in range(len(vertices))
    ]


def _drawn(steps: Sequence[Step], i: int) -> list[int]:
    return [int(step.tokens[i]) for step in steps if step.is_active[i]]


def _n_invalid(steps: Sequence[Step], i: int) -> int:
    return sum(int(step.is_active[i] and step.is_forbidden[i, step.tokens[i]]) for step in steps)


def _judged(vertices: list[int], faces: list[int], n_invalid: tuple[int, int]) -> Sample:
    n_tokens = (len(vertices), len(faces))
    try:
        if STOP not in faces:
            raise NoMesh("It did not come to an end.")
        values = decode_vertices(vertices)
        mesh = Mesh(values.astype(float), decode_faces(faces, len(values)))
    except NoMesh:
        return Sample(n_tokens, n_invalid, b"", None, 0, is_closed=False)
    key = np.array(vertices, np.int16).tobytes() + np.array(faces, np.int16).tobytes()
    n_flat = sum(mesh.flatness(i) <= 1 for i in range(len(mesh.faces)))
    return Sample(n_tokens, n_invalid, key, mesh.faces, n_flat, mesh.is_closed)


def summary(samples: Sequence[Sample], train: set[bytes]) -> dict[str, float]:
    """Shares over the samples; those that are no mesh count as not closed, and have no faces."""
    n_faces = sum(len(sample.faces or ()) for sample in samples)
    n_tokens, n_invalid = (np.sum([getattr(s, name) for s in samples], 0) for name in ("n_tokens", "n_invalid"))
    return {
        "samples": len(samples),
        "invalid_vertex": float(n_invalid[0] / n_tokens[0]),
        "invalid_face": float(n_invalid[1] / max(1, n_tokens[1])),
        "invalid": float(n_invalid.sum() / n_tokens.sum()),
        "is_mesh": float(np.mean([sample.faces is not None for sample in samples])),
        "planar": sum(sample.n_flat for sample in samples) / max(1, n_faces),
        "closed": float(np.mean([sample.is_closed for sample in samples])),
        "duplicates": float(np.mean([sample.key in train for sample in samples])),
    }


def exact_share(samples: Sequence[Sample], pieces: Sequence[Piece]) -> float:
    """How many have just the faces of the true mesh."""
    pairs = zip(samples, pieces, strict=True)
    return float(
        np.mean([s.faces is not None and bool(np.array_equal(face_tokens(s.faces), p.faces)) for s, p in pairs])
    )


def load(state: Path, seed: int) -> PolyGenForMeshGeneration:
    """The trained models, rounded to half precision: what is measured is what is shipped."""
    net = build_model(seed)
    for part, model in (("vertices", net.vertex_model), ("faces", net.face_model)):
        model.load_state_dict(torch.load(state / f"{part}.pt", weights_only=True, map_location="cpu")["model"])
    return net.half().float().eval()


def about_data(train: list[Piece], tests: dict[str, list[Piece]], most_vertices: int) -> dict:
    """What the data are like, and what is reached without a network."""
    known, unseen = tests["known"], tests["unseen"]
    topologies = {piece.faces.tobytes() for piece in train}
    if topologies & {piece.faces.tobytes() for piece in unseen}:
        raise RuntimeError("A topology of the test set occurs in training.")
    report: dict = {"n_train": len(train), "n_test": len(known), "topologies": len(topologies)}
    report["first_seed"] = TRAIN_SEEDS
    report["unseen_topologies"] = len({piece.faces.tobytes() for piece in unseen})
    report["vertices"] = [int(f([len(piece.values) for piece in train])) for f in (min, np.median, max)]
    report["face_tokens"] = [int(f([len(piece.faces) for piece in train])) for f in (min, np.median, max)]
    for name, bits in context_bits(train, tests).items():
        report[name] = bits | uniform_bits(tests[name][:100], most_vertices)
    return report


def measure(
    net: PolyGenForMeshGeneration, keys: set[bytes], tests: dict[str, list[Piece]], report: dict, n_samples: int
) -> None:
    """Add the numbers of the network to the report."""
    for name, pieces in tests.items():
        report[name] |= surprisal(net, pieces)
        logger.info("%s %s", name, report[name])
    for masks in (False, True):
        drawn = own_samples(net, n_samples, with_masks=masks)
        report[f"own_{'masked' if masks else 'free'}"] = summary(drawn, keys)
        for name, pieces in tests.items():
            some = pieces[: n_samples * len(LABELS)]
            drawn = given_samples(net, some, with_masks=masks)
            row = summary(drawn, keys) | {"exact": exact_share(drawn, some)}
            report[f"{name}_{'masked' if masks else 'free'}"] = row
        logger.info("masks %s %s", masks, report)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True, help="folder of the training runs")
    parser.add_argument("--out", type=Path, help="write checkpoint and card there")
    parser.add_argument("--n-test", type=int, default=500, help="meshes of known topologies, and of unseen ones")
    parser.add_argument("--n-samples", type=int, default=20, help="meshes sampled of each class")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    runs = {part: json.loads((args.state / f"{part}.json").read_text()) for part in ("vertices", "faces")}
    train = training_pieces(runs["vertices"]["n_pieces"], args.state / "train.npz")
    net = load(args.state, runs["vertices"]["seed"])
    known, unseen = test_pieces(args.n_test, train)
    tests = {"known": known, "unseen": unseen}
    # What needs no network takes longest, and stays as it is while the runs go on.
    kept = args.state / f"data-{args.n_test}.json"
    if not kept.exists():
        kept.write_text(json.dumps(about_data(train, tests, net.config.max_vertices)), encoding="utf-8")
    report = json.loads(kept.read_text(encoding="utf-8")) | {"runs": runs}
    measure(net, {piece.key for piece in train}, tests, report, args.n_samples)
    logger.info(json.dumps(report, indent=1))
    if args.out:
        args.out.mkdir(parents=True, exist_ok=True)
        text = card(report, net, n_each=args.n_samples, top_p=TOP_P)
        net.half().save_pretrained(args.out)
        (args.out / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
