"""Meshes that the model samples, and meshes through its eyes."""

from __future__ import annotations

import lzma
import time
from itertools import islice
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from inference.context import Refused
from inference.forward.checks import check_heads, check_layers, group_of
from inference.meshes.files import mesh_bytes, read_mesh
from inference.meshes.tokens import (
    FIRST_VERTEX,
    NEW_FACE,
    STOP,
    NoMesh,
    canonical,
    face_tokens,
    mesh_of,
    vertex_tokens,
)
from inference.models.polygen_masks import forbidden_coordinates, forbidden_pointers
from inference.models.polygen_sampling import Sampling, Step, face_steps, values_of, vertex_steps
from inference.results.counts import count_of, noun
from inference.results.growing import MOST_AT_ONCE
from inference.results.inputs import Input, MeshInput
from inference.results.mesh import MeshResult, MeshSample, MeshStepResult, MeshTokens, ScoreMeshResult, WriteMeshResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inference.context import Context
    from inference.forward.model import Model
    from inference.models.polygen import PolyGenForMeshGeneration
    from inference.results.mesh import MeshRequest, MeshStepRequest, ScoreMeshRequest, WriteMeshRequest

_PAUSE = 0.1  # seconds between two partial results


def mesh(request: MeshRequest, model: Model, context: Context) -> MeshResult:
    """Sample meshes; all completions grow at once, and what there is is shown every tenth of a second.

    Parameters
    ----------
    context
        One checkpoint a token.

    Raises
    ------
    Refused
        No such class, a number out of its range, or tokens that no mesh begins with.
    """
    _check_request(request)
    net, label = _net(model), model.family.check_class(request.start.label, model.net.config)
    model.family.encode(Input(mesh=request.start), net.config, None)  # refuses what is out of range
    sampling = Sampling(request.temperature, request.top_p, request.with_masks, request.top_k)
    if sampling.with_masks:
        _check_start(request.start, net.config.max_vertices)
    seeds = [request.seed + i for i in range(request.count)]
    growth = _Growth(label, seeds, len(request.start.vertex_tokens), len(request.start.face_tokens), context)
    with torch.inference_mode():
        growth.grow(growth.vertices, vertex_steps(net, label, request.start.vertex_tokens, seeds, sampling))
        values = [values_of(tokens) for tokens in growth.tokens(growth.vertices)]
        ready = [i for i, tokens in enumerate(growth.tokens(growth.vertices)) if STOP in tokens and len(values[i])]
        if ready:
            growth.columns = ready
            steps = face_steps(
                net, [values[i] for i in ready], request.start.face_tokens, [seeds[i] for i in ready], sampling
            )
            growth.grow(growth.faces, steps)
    return growth.result()


def score(request: ScoreMeshRequest, model: Model, context: Context) -> ScoreMeshResult:
    """How surprising a mesh is to the model, token by token, beside what a general-purpose compressor makes of it.

    Raises
    ------
    Refused
        The file is no mesh (see `read_mesh`), or has more vertices or faces than the checkpoint reads.
    """
    label = model.family.check_class(request.label if request.mesh is None else request.mesh.label, model.net.config)
    name, notes = "", ()
    start = request.mesh
    if start is None:
        start, name, notes = _from_file(request.path, label, model)
    model.family.encode(Input(mesh=start), model.net.config, None)
    growth = _Growth(label, [0], len(start.vertex_tokens), len(start.face_tokens), context, streams=False)
    sampling = Sampling(with_masks=False)
    with torch.inference_mode():
        steps = vertex_steps(_net(model), label, start.vertex_tokens, [0], sampling)
        growth.grow(growth.vertices, islice(steps, len(start.vertex_tokens)))  # nothing is sampled behind them
        if start.face_tokens:
            steps = face_steps(_net(model), [values_of(start.vertex_tokens)], start.face_tokens, [0], sampling)
            growth.grow(growth.faces, islice(steps, len(start.face_tokens)))
    (sample,) = growth.result().samples
    return ScoreMeshResult(sample, name, _compressed_bits(start), notes)


def step(request: MeshStepRequest, model: Model, context: Context) -> MeshStepResult:
    """What one step of one head attends to.

    Raises
    ------
    Refused
        No such part, layer, head or step; else as `MeshFamily.encode`.
    """
    group = group_of(model, request.part)
    check_layers([request.layer], group, model)
    check_heads([request.head], request.layer, group, model)
    run = model.run(Input(mesh=request.mesh), context)
    call = model.call(run, request.part, request.layer, context)
    if not 0 <= request.step < call.n_queries:
        raise Refused(f"Step {request.step} was asked for; the mesh has steps 0 to {call.n_queries - 1}.")
    row = call.patterns([request.head], torch.tensor([request.step], device=model.device))[0, 0]
    return MeshStepResult(request.part, request.layer, request.head, request.step, np.array(row.float().cpu().numpy()))


def write(request: WriteMeshRequest, model: Model, context: Context) -> WriteMeshResult:
    """A mesh as a file's bytes.

    Raises
    ------
    Refused
        The tokens make no mesh, or no such format.
    """
    try:
        made = mesh_of(request.mesh.vertex_tokens, request.mesh.face_tokens)
    except NoMesh as error:
        raise Refused(str(error)) from error
    if not made.faces:
        raise Refused("The mesh has no faces yet, so there is nothing to write.")
    return WriteMeshResult(np.frombuffer(mesh_bytes(made, request.format), np.uint8), request.format)


class _Growth:
    """Completions as they grow: steps in, samples out."""

    def __init__(
        self,
        label: int | None,
        seeds: list[int],
        n_given_v: int,
        n_given_f: int,
        context: Context,
        *,
        streams: bool = True,
    ) -> None:
        self.vertices: list[Step] = []
        self.faces: list[Step] = []
        self.columns: list[int] = []  # which completions the columns of `faces` are
        self._label, self._seeds, self._context = label, seeds, context
        self._n_given = (n_given_v, n_given_f)
        self._told = time.monotonic()
        self._streams = streams  # whether there is anything to see before the end

    def grow(self, into: list[Step], steps: Iterator[Step]) -> None:
        if not self.columns:
            self.columns = list(range(len(self._seeds)))
        for one in steps:
            into.append(one)
            what = "Coordinate" if into is self.vertices else "Face token"
            self._context.checkpoint(0, 0, f"{what} {len(into)}")
            if self._streams and time.monotonic() - self._told > _PAUSE:
                self._context.partial(self.result(is_growing=True))
                self._told = time.monotonic()

    def tokens(self, steps: list[Step]) -> list[list[int]]:
        """Of each completion."""
        n = len(steps[0].tokens)
        return [[int(one.tokens[i]) for one in steps if one.is_active[i]] for i in range(n)]

    def result(self, *, is_growing: bool = False) -> MeshResult:
        return MeshResult(tuple(self._sample(i, is_growing=is_growing) for i in range(len(self._seeds))))

    def _sample(self, i: int, *, is_growing: bool) -> MeshSample:
        vertices = _mesh_tokens(self.vertices, i, self._n_given[0])
        column = self.columns.index(i) if i in self.columns else -1
        n_choices = 2 + len(vertices.tokens) // 3
        faces = _mesh_tokens(self.faces if column >= 0 else [], max(column, 0), self._n_given[1], n_choices)
        ends = [bool(len(part.tokens)) and int(part.tokens[-1]) == STOP for part in (vertices, faces)]
        why = "" if is_growing or all(ends) else _why_unfinished(vertices, faces, have_vertices_ended=ends[0])
        return MeshSample(self._label, self._seeds[i], vertices, faces, all(ends), why)


def _mesh_tokens(steps: list[Step], i: int, n_given: int, n_choices: int | None = None) -> MeshTokens:
    own = [one for one in steps if one.is_active[i]]
    width = n_choices if n_choices is not None else (own[0].probabilities.shape[1] if own else 0)
    return MeshTokens(
        tokens=np.array([one.tokens[i] for one in own], np.int16),
        bits=np.array([one.bits[i] for one in own], np.float32),
        probabilities=np.array([one.probabilities[i, :width] for one in own], np.float16).reshape(len(own), width),
        is_forbidden=np.array([one.is_forbidden[i, :width] for one in own], bool).reshape(len(own), width),
        n_given=min(n_given, len(own)),
        n_corrected=sum(int(one.is_corrected[i]) for one in own),
    )


def _net(model: Model) -> PolyGenForMeshGeneration:
    """Only checkpoints of one are asked for meshes."""
    return cast("PolyGenForMeshGeneration", model.net)


def _why_unfinished(vertices: MeshTokens, faces: MeshTokens, *, have_vertices_ended: bool) -> str:
    if not have_vertices_ended:
        return f"its vertices did not come to an end within {count_of(len(vertices.tokens), 'tokens')}"
    if len(vertices.tokens) <= 3:  # the stop, and less than a vertex
        return "it stopped before its first vertex was whole"
    return f"its faces did not come to an end within {count_of(len(faces.tokens), 'tokens')}"


def _check_start(start: MeshInput, most_vertices: int) -> None:
    """Refuse tokens behind which the masks would leave nothing, or nothing that makes a mesh."""
    for place, token in enumerate(_until_stop(start.vertex_tokens)):
        if forbidden_coordinates(start.vertex_tokens[:place], most_vertices)[token]:
            raise Refused(
                f"No mesh has {_coordinate(place, token)} there; go on from other vertices, or switch the masks off."
            )
    n_vertices = len(values_of(start.vertex_tokens))
    for place, token in enumerate(_until_stop(start.face_tokens)):
        if forbidden_pointers(start.face_tokens[:place], n_vertices)[token]:
            what = {STOP: "the stop", NEW_FACE: "a new face"}.get(token, f"vertex {token - FIRST_VERTEX}")
            raise Refused(f"No mesh has {what} as face token {place}; go on from other faces, or switch the masks off.")


def _until_stop(tokens: tuple[int, ...]) -> tuple[int, ...]:
    return tokens[: tokens.index(STOP) + 1] if STOP in tokens else tokens


def _coordinate(place: int, token: int) -> str:
    return "a stop" if token == STOP else f"{'zyx'[place % 3]} = {token - 1} as coordinate {place}"


def _check_request(request: MeshRequest) -> None:
    if not 1 <= request.count <= MOST_AT_ONCE:
        raise Refused(f"{request.count} meshes were asked for; 1 to {MOST_AT_ONCE} are sampled at once.")
    if not 0 < request.temperature <= 2:
        raise Refused(f"The temperature is {request.temperature:g}; it is above 0 and at most 2.")
    if not 0 < request.top_p <= 1:
        raise Refused(f"Top-p is {request.top_p:g}; it is above 0 and at most 1.")
    if request.top_k < 0:
        raise Refused(f"Top-k is {request.top_k}; it is 0 for all tokens, or how many of them.")
    if request.seed < 0:
        raise Refused(f"The seed is {request.seed}; it is 0 or more.")


def _from_file(path: str, label: int | None, model: Model) -> tuple[MeshInput, str, tuple[str, ...]]:
    read = read_mesh(path)
    values, faces = canonical(read)
    config = model.net.config
    if not faces:
        raise Refused(f"{path.rpartition('/')[2]} has no faces left when its coordinates are rounded to 256 steps.")
    n_tokens = len(face_tokens(faces))
    if len(values) > config.max_vertices or n_tokens > config.max_face_tokens:
        raise Refused(
            f"{path.rpartition('/')[2]} has {count_of(len(values), 'vertices')} and {n_tokens:,} face "
            f"{noun(n_tokens, 'tokens')}; this checkpoint reads up to {config.max_vertices:,} and "
            f"{config.max_face_tokens:,}."
        )
    start = MeshInput(label, tuple(vertex_tokens(values).tolist()), tuple(face_tokens(faces).tolist()))
    merged = len(read.vertices) - len(values)
    more = (f"{merged:,} of {len(read.vertices):,} vertices fell together or belonged to no face.",) if merged else ()
    return start, path.rpartition("/")[2], (*read.notes, *more)


def _compressed_bits(start: MeshInput) -> int:
    """The tokens as bytes (pointers as two where there are more than 254), through LZMA without its container."""
    vertices = np.array(start.vertex_tokens[:-1], np.int64) - 1
    faces = np.array(start.face_tokens, np.uint16 if max(start.face_tokens, default=0) > 255 else np.uint8)
    data = vertices.astype(np.uint8).tobytes() + faces.tobytes()
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "lc": 0, "lp": 0, "pb": 0}]
    return 8 * len(lzma.compress(data, format=lzma.FORMAT_RAW, filters=filters))
