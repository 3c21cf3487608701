"""STL, glTF and GLB, which hold nothing but triangles: read and written by trimesh, checked before and after."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.context import Refused
from inference.files.json_file import read_bytes
from inference.meshes.checks import MAX_BYTES, MAX_FACES, check_count, checked
from inference.meshes.gltf_header import parse_glb, parse_gltf
from inference.meshes.gltf_plain import Bounds, PlainScene, bounds_of, plain_scene
from inference.meshes.mesh import Mesh
from inference.meshes.triangulate import triangulate
from inference.results.counts import count_of, verb

if TYPE_CHECKING:
    import trimesh

_STL_HEADER, _STL_FACE = 84, 50  # bytes


def read_stl(data: bytes, name: str) -> Mesh:
    """The triangles of all solids, text or binary; no corner is shared. Raises `Refused`."""
    n_faces = int.from_bytes(data[_STL_HEADER - 4 : _STL_HEADER], "little")
    end = _STL_HEADER + n_faces * _STL_FACE
    notes: list[str] = []
    if len(data) >= end:
        colours = np.frombuffer(data, np.uint8, end - _STL_HEADER, _STL_HEADER).reshape(-1, _STL_FACE)[:, -2:]
        if n_coloured := int(colours.any(1).sum()):
            notes.append(f"Left aside: colours or marks of {count_of(n_coloured, 'triangles')}.")
        if len(data) > end:
            n_more = len(data) - end
            notes.append(f"{count_of(n_more, 'bytes')} behind the end {verb(n_more)} left aside.")
        data = data[:end]
    elif b"\0" in data or data.lstrip()[:5].lower() != b"solid":
        raise Refused(
            f"{name} is no STL file, or cut off: {count_of(len(data), 'bytes')}, of which the header says "
            f"that they hold {count_of(n_faces, 'triangles')} of {_STL_FACE} bytes."
        )
    else:
        n_faces = data.lower().count(b"endfacet")
    return _read(data, name, "stl", n_faces, notes)


def read_glb(data: bytes, name: str, folder: Path | None = None) -> Mesh:
    """The triangles of all parts, where the scene puts them. Raises `Refused`.

    Parameters
    ----------
    folder
        Where files may lie that the header names; None for none.
    """
    header, numbers, notes = parse_glb(data, name)
    return _of_scene(plain_scene(header, numbers, name, partial(_sibling, name, folder), notes), name, "glb")


def read_gltf(data: bytes, name: str, folder: Path | None = None) -> Mesh:
    """As `read_glb`, of a header as text; its numbers are in the file itself or beside it."""
    scene = plain_scene(parse_gltf(data, name), b"", name, partial(_sibling, name, folder), [])
    return _of_scene(scene, name, "gltf")


def _sibling(name: str, folder: Path | None, other: str) -> bytes:
    """A file in the same folder, and never elsewhere: no path, no link that leads away."""
    is_name = other == Path(other).name and not set(other) & set("\\:\0") and other not in ("", ".", "..")
    if not is_name or folder is None:
        raise Refused(
            f"{name} keeps its numbers in {other[:80]!r}; files in the same folder are read, or save it as one (GLB)."
        )
    path = folder / other
    try:
        is_there = path.is_file() and path.resolve().parent == folder.resolve()
    except OSError:
        is_there = False
    if not is_there:
        raise Refused(f"{name} keeps its numbers in {other[:80]!r}, which is not a file in the same folder.")
    return read_bytes(path, MAX_BYTES)


def _of_scene(scene: PlainScene, name: str, format: str) -> Mesh:  # noqa: A002
    return _read(scene.content, name, "glb", scene.n_triangles, scene.notes, said=format, bounds=scene.bounds)


def _read(
    data: bytes,
    name: str,
    format: str,  # noqa: A002
    n_faces: int,
    notes: Sequence[str],
    said: str = "",
    bounds: frozenset[Bounds] | None = None,
) -> Mesh:
    check_count(name, "faces", n_faces, MAX_FACES)
    try:
        vertices, triangles = _load(data, format, bounds)
    except Exception as error:  # whatever trimesh makes of damaged files
        raise Refused(
            f"{name} cannot be read as {(said or format).upper()}: {str(error)[:120] or type(error).__name__}."
        ) from error
    if len(triangles) != n_faces:
        raise Refused(f"{name} is damaged: {len(triangles):,} of its {count_of(n_faces, 'triangles')} can be read.")
    return checked(name, vertices, [tuple(triangle) for triangle in triangles.tolist()], notes=notes)


def _load(data: bytes, format: str, bounds: frozenset[Bounds] | None) -> tuple[np.ndarray, np.ndarray]:  # noqa: A002
    """What trimesh reads; of glTF each piece must have one of these bounds, or ValueError is raised."""
    import trimesh

    with warnings.catch_warnings():
        warnings.filterwarnings("error", "string or file could not be read to its end")  # numbers that are none
        scene = trimesh.load_scene(
            io.BytesIO(data), file_type=format, resolver=None, process=False, skip_materials=True
        )
    vertices, triangles, n_vertices = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], 0
    for node in scene.graph.nodes_geometry:
        transform, geometry = scene.graph[node]
        part = scene.geometry[geometry]
        if not isinstance(part, trimesh.Trimesh):
            continue  # points and lines
        corners = np.asarray(part.faces, np.int64)
        if len(corners) and (corners.min() < 0 or corners.max() >= len(part.vertices)):
            raise ValueError(f"a triangle names vertex {corners.max()}; there are {len(part.vertices)}")
        if bounds is not None and len(part.vertices) and bounds_of(np.asarray(part.vertices)) not in bounds:
            raise ValueError("its numbers are read otherwise than they are written")
        vertices.append(np.asarray(part.vertices, np.float64) @ transform[:3, :3].T + transform[:3, 3])
        # A mirror turns the triangles inside out.
        triangles.append((corners[:, ::-1] if np.linalg.det(transform[:3, :3]) < 0 else corners) + n_vertices)
        n_vertices += len(part.vertices)
    return np.concatenate(vertices), np.concatenate(triangles)


def stl_bytes(mesh: Mesh) -> bytes:
    """Binary STL: triangles of float32."""
    return _exported(mesh, file_type="stl")


def glb_bytes(mesh: Mesh) -> bytes:
    """Binary glTF 2.0: triangles, float32 vertices, no normals, so that faces are shown flat."""
    return _exported(mesh, file_type="glb", include_normals=False)


def _exported(mesh: Mesh, **options: Any) -> bytes:
    content = _trimesh_of(mesh).export(**options)
    assert isinstance(content, bytes)
    return content


def _trimesh_of(mesh: Mesh) -> trimesh.Trimesh:
    import trimesh

    if not mesh.faces:
        raise Refused("There are no faces yet; STL and GLB hold nothing else. OBJ and PLY hold vertices alone.")
    return trimesh.Trimesh(mesh.vertices, triangulate(mesh), process=False)
