"""Samples as an engine gives them, of meshes whose tokens are known."""

import numpy as np

from inference.meshes.mesh import Mesh
from inference.meshes.tokens import FIRST_VERTEX, N_VALUES, STOP, canonical, face_tokens, vertex_tokens
from inference.models.polygen_masks import forbidden_coordinates, forbidden_pointers
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.inputs import MeshInput
from inference.results.mesh import MeshResult, MeshSample, MeshTokens
from resources.furniture import make_furniture
from widgets.views.mesh.growth import Growth

CLASSES = ("table", "chair", "lamp")


def tokens_of(name, seed=0):
    """Coordinate and face tokens of a piece of furniture."""
    piece = make_furniture(seed, name)
    values, faces = canonical(Mesh(np.array(piece.vertices, float), tuple(piece.faces)))
    return vertex_tokens(values).tolist(), face_tokens(faces).tolist()


def make_tokens(tokens, n_choices, forbidden, *, n_given=0, n_corrected=0, seed=0):
    """A distribution for each token: most of it on the token itself, the rest on two others."""
    random = np.random.default_rng(seed)
    probabilities = np.zeros((len(tokens), n_choices))
    is_forbidden = np.zeros((len(tokens), n_choices), bool)
    for step, token in enumerate(tokens):
        share = random.uniform(0.3, 0.95)
        others = random.choice(n_choices, 2, replace=False)
        probabilities[step, others] += (1 - share) / 2
        probabilities[step, token] += share
        is_forbidden[step] = forbidden(tokens[:step])
    bits = -np.log2(probabilities[np.arange(len(tokens)), tokens]) if len(tokens) else np.zeros(0)
    return MeshTokens(
        np.array(tokens, np.int16),
        bits.astype(np.float32),
        probabilities.astype(np.float16),
        is_forbidden,
        n_given,
        n_corrected,
    )


def make_sample(vertices, faces, *, label=1, seed=0, n_given=(0, 0), is_growing=False, why="", n_corrected=0):
    """A sample of these tokens."""
    n = sum(token != STOP for token in vertices) // 3
    return MeshSample(
        label,
        seed,
        make_tokens(
            vertices,
            N_VALUES + 1,
            lambda before: forbidden_coordinates(before, 100),
            n_given=n_given[0],
            n_corrected=n_corrected,
            seed=seed,
        ),
        make_tokens(
            faces, FIRST_VERTEX + n, lambda before: forbidden_pointers(before, n), n_given=n_given[1], seed=seed + 1
        ),
        is_finished=not is_growing and not why,
        why_unfinished=why,
    )


def make_furniture_sample(name="table", *, piece=0, **options):
    """A whole piece of furniture."""
    return make_sample(*tokens_of(name, piece), **options)


def make_growing(name="table", n_vertex_tokens=20, n_face_tokens=0, **options):
    """The beginning of one."""
    vertices, faces = tokens_of(name)
    return make_sample(vertices[:n_vertex_tokens], faces[:n_face_tokens], is_growing=True, **options)


def make_result(*names, **options):
    """Several, sampled with one seed after another."""
    return MeshResult(tuple(make_furniture_sample(name, seed=i, **options) for i, name in enumerate(names)))


def input_of(sample) -> MeshInput:
    return Growth(sample).input()


def make_mesh_info(name="polygen-test", classes=CLASSES):
    """A small PolyGen."""
    groups = (
        AttentionGroup(
            "vertices", "Coordinates", (4, 4, 4), is_causal=True, query_axis="coordinates", key_axis="coordinates"
        ),
        AttentionGroup("encoder", "Vertex to vertex", (4, 4), query_axis="items", key_axis="items"),
        AttentionGroup("faces", "Faces", (4, 4), is_causal=True, query_axis="pointers", key_axis="pointers"),
    )
    return CheckpointInfo(
        checkpoint=name,
        name=name,
        architecture="PolyGenForMeshGeneration",
        family="mesh",
        n_parameters=123_456,
        d_model=64,
        d_vocab=257,
        n_ctx=0,
        groups=groups,
        capabilities=("attention", "qk", "mesh"),
        missing=(),
        has_tokenizer=False,
        mask_token="",
        position_kind="learned",
        device="CPU",
        notes=(),
        reads=("mesh",),
        classes=classes,
    )
