"""STL, glTF and GLB, which hold nothing but triangles: read and written by trimesh, checked before and after."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from inference.context import Refused
from inference.meshes.checks import MAX_FACES, check_count, checked
from inference.meshes.gltf_header import check_glb, check_gltf
from inference.meshes.mesh import Mesh
from inference.meshes.triangulate import triangulate

if TYPE_CHECKING:
    import trimesh

_STL_HEADER, _STL_FACE = 84, 50  # bytes


def read_stl(data: bytes, name: str) -> Mesh:
    """The triangles of all solids, text or binary; no corner is shared. Raises `Refused`."""
    n_faces = int.from_bytes(data[_STL_HEADER - 4 : _STL_HEADER], "little")
    if len(data) != _STL_HEADER + n_faces * _STL_FACE:
        if b"\0" in data or not data.lstrip()[:5].lower() == b"solid":
            raise Refused(
                f"{name} is no STL file, or cut off: {len(data):,} bytes, of which the header says that they hold "
                f"{n_faces:,} triangles of {_STL_FACE} bytes."
            )
        n_faces = data.lower().count(b"endfacet")
    return _read(data, name, "stl", n_faces)


def read_glb(data: bytes, name: str) -> Mesh:
    """The triangles of all parts, where the scene puts them. Raises `Refused`."""
    return _read(data, name, "glb", check_glb(data, name))


def read_gltf(data: bytes, name: str) -> Mesh:
    """As `read_glb`; its numbers have to be in the file itself. Raises `Refused`."""
    return _read(data, name, "gltf", check_gltf(data, name))


def _read(data: bytes, name: str, format: str, n_faces: int) -> Mesh:  # noqa: A002
    check_count(name, "faces", n_faces, MAX_FACES)
    try:
        vertices, triangles = _load(data, format)
    except Exception as error:  # whatever trimesh makes of damaged files
        raise Refused(
            f"{name} cannot be read as {format.upper()}: {str(error)[:120] or type(error).__name__}."
        ) from error
    if len(triangles) != n_faces:
        raise Refused(f"{name} is damaged: of its {n_faces:,} triangles {len(triangles):,} can be read.")
    return checked(name, vertices, [tuple(triangle) for triangle in triangles.tolist()])


def _load(data: bytes, format: str) -> tuple[np.ndarray, np.ndarray]:  # noqa: A002
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
