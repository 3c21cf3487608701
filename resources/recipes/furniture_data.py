"""Furniture as tokens, split by topology as well as by shape."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from inference.inputs.tokens import filled_up
from inference.meshes.mesh import Mesh
from inference.meshes.tokens import N_VALUES, canonical, decode_faces, face_tokens, in_order, vertex_tokens
from resources.furniture import LABELS, make_furniture

# Seeds of the splits; the app draws from below both.
TRAIN_SEEDS, TEST_SEEDS = 1_000_000, 900_000_000
IGNORED = -100
# Share of the coordinates of a mesh that are off by one when faces are trained on it, at most.
_MOST_JITTER = 0.06
# One topology in ten, chosen by a hash of its face list, is never trained on.
_N_BUCKETS = 10


@dataclass(frozen=True)
class Piece:
    """A mesh as both models read it: int16 arrays, the stops included, and its class."""

    label: int
    vertices: np.ndarray
    faces: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """int64 [n_vertices, 3]: z, y, x, 0-255."""
        return self.vertices[:-1].reshape(-1, 3).astype(np.int64) - 1

    @property
    def key(self) -> bytes:
        """The same for the same mesh."""
        return self.vertices.tobytes() + self.faces.tobytes()


def make_piece(seed: int) -> Piece:
    """The tokens of a seed's furniture."""
    furniture = make_furniture(seed)
    values, faces = canonical(Mesh(np.array(furniture.vertices), tuple(furniture.faces)))
    return Piece(
        LABELS.index(furniture.label), vertex_tokens(values).astype(np.int16), face_tokens(faces).astype(np.int16)
    )


def is_held_out(piece: Piece) -> bool:
    """Whether its topology is one of those never trained on."""
    return hashlib.sha256(piece.faces.tobytes()).digest()[0] % _N_BUCKETS == 0


def training_pieces(n: int, cache: Path) -> list[Piece]:
    """`n` different meshes of known topologies; kept in `cache`."""
    if not cache.exists():
        found: dict[bytes, Piece] = {}
        seed = TRAIN_SEEDS
        while len(found) < n:
            piece = make_piece(seed)
            seed += 1
            if not is_held_out(piece):
                found.setdefault(piece.key, piece)
        _save(list(found.values()), cache)
    return _load(cache)


def test_pieces(n: int, train: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Meshes that are not in `train`: `n` whose topology is there with other sizes, and `n` whose topology is not."""
    meshes, topologies = {piece.key for piece in train}, {piece.faces.tobytes() for piece in train}
    known: list[Piece] = []
    unseen: list[Piece] = []
    seed = TEST_SEEDS
    while min(len(known), len(unseen)) < n:
        piece = make_piece(seed)
        seed += 1
        if piece.key in meshes:
            continue
        meshes.add(piece.key)
        if is_held_out(piece):
            unseen.append(piece)
        elif piece.faces.tobytes() in topologies:
            known.append(piece)
    return known[:n], unseen[:n]


def batch_order(pieces: list[Piece], n: int, epoch: int, *, by_faces: bool) -> list[np.ndarray]:
    """Indices of the batches of an epoch, `n` meshes of about the same length each, in random order."""
    rng = np.random.default_rng((17, epoch))
    lengths = np.array([len(piece.faces if by_faces else piece.vertices) for piece in pieces])
    order = np.argsort(lengths + rng.random(len(pieces)) * 8)
    batches = [order[i : i + n] for i in range(0, len(order) - n + 1, n)]
    return [batches[i] for i in rng.permutation(len(batches))]


def jittered(piece: Piece, rng: np.random.Generator) -> Piece:
    """The mesh with some coordinates one value off, as the vertex model draws them, in the order this gives.

    Where two vertices fall together, or the topology becomes one that is not to be trained on, the mesh stays as it is.
    """
    values = piece.values[:, ::-1]
    off = rng.choice((-1, 1), values.shape) * (rng.random(values.shape) < rng.uniform(0, _MOST_JITTER))
    moved = np.clip(values + off, 0, N_VALUES - 1)
    if len(np.unique(moved, axis=0)) < len(moved):
        return piece
    moved, faces = in_order(moved, decode_faces(piece.faces.tolist(), len(values)))
    other = Piece(piece.label, vertex_tokens(moved).astype(np.int16), face_tokens(faces).astype(np.int16))
    return piece if is_held_out(other) else other


def vertex_batch(pieces: list[Piece]) -> tuple[Tensor, Tensor, Tensor]:
    """Given tokens [batch, n - 1], wanted tokens [batch, n] (`IGNORED` behind the stop), labels [batch]."""
    wanted = _padded([piece.vertices for piece in pieces], IGNORED)
    return wanted[:, :-1].clamp_min(0), wanted, torch.tensor([piece.label for piece in pieces])


def face_batch(pieces: list[Piece]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Vertices [batch, n_vertices, 3], which are real, given tokens [batch, m - 1], wanted tokens [batch, m]."""
    values = [piece.values for piece in pieces]
    n = max(map(len, values))
    vertices = torch.from_numpy(np.stack([np.pad(v, ((0, n - len(v)), (0, 0))) for v in values]))
    is_vertex = torch.arange(n) < torch.tensor([len(v) for v in values])[:, None]
    wanted = _padded([piece.faces for piece in pieces], IGNORED)
    return vertices, is_vertex, wanted[:, :-1].clamp_min(0), wanted


def _padded(rows: list[np.ndarray], fill: int) -> Tensor:
    return torch.from_numpy(filled_up(rows, fill))


def _save(pieces: list[Piece], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        file,
        labels=np.array([piece.label for piece in pieces]),
        vertices=np.concatenate([piece.vertices for piece in pieces]),
        n_vertices=np.array([len(piece.vertices) for piece in pieces]),
        faces=np.concatenate([piece.faces for piece in pieces]),
        n_faces=np.array([len(piece.faces) for piece in pieces]),
    )


def _load(file: Path) -> list[Piece]:
    with np.load(file) as stored:
        vertices = np.split(stored["vertices"], np.cumsum(stored["n_vertices"])[:-1])
        faces = np.split(stored["faces"], np.cumsum(stored["n_faces"])[:-1])
        return [Piece(int(label), v, f) for label, v, f in zip(stored["labels"], vertices, faces, strict=True)]
