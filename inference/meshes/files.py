"""Mesh files: read whatever others made, refuse with a sentence what is none, write what models make."""

from __future__ import annotations

import os
import stat
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from inference.context import Refused
from inference.files.json_file import read_bytes
from inference.meshes.checks import MAX_BYTES
from inference.meshes.merge_planar import merge_planar
from inference.meshes.mesh import Mesh
from inference.meshes.obj import obj_bytes, read_obj
from inference.meshes.off import off_bytes, read_off
from inference.meshes.ply import ply_bytes, read_ply
from inference.meshes.triangle_files import glb_bytes, read_glb, read_gltf, read_stl, stl_bytes


@dataclass(frozen=True)
class _Format:
    read: Callable[..., Mesh]  # (content, name), and the folder where it may name files beside it
    write: Callable[[Mesh], bytes] | None
    up: Literal["y", "z"]  # glTF says y; of the others each has a custom
    is_text: bool = False
    names_others: bool = False


FORMATS = {
    "obj": _Format(read_obj, obj_bytes, "y", is_text=True),
    "ply": _Format(read_ply, ply_bytes, "z", is_text=True),
    "stl": _Format(read_stl, stl_bytes, "z"),
    "off": _Format(read_off, off_bytes, "z", is_text=True),
    "glb": _Format(read_glb, glb_bytes, "y", names_others=True),
    "gltf": _Format(read_gltf, None, "y", is_text=True, names_others=True),
}

_OTHER_FILES = (
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"\x1f\x8b", "compressed (gzip); unpack it first"),
    (b"version https://git-lfs", "a git-lfs pointer, not the mesh; fetch it with `git lfs pull`"),
    (b"<", "a web page (HTML) or XML, not a mesh"),
    (b"\x89PNG", "an image (PNG), not a mesh"),
    (b"\xff\xd8\xff", "an image (JPEG), not a mesh"),
    (b"GIF8", "an image (GIF), not a mesh"),
    (b"RIFF", "an image (WebP), a sound or a film, not a mesh"),
    (b"%PDF", "a document (PDF), not a mesh"),
)


def read_mesh(
    path: str | os.PathLike[str], *, up: Literal["y", "z"] | None = None, merge_degrees: float | None = 1.0
) -> Mesh:
    """The mesh in an OBJ, PLY, STL, OFF, GLB or glTF file, z up.

    Polygons stay as they are in the file. A mesh of nothing but triangles is taken for one that was cut into them:
    triangles that lie in a plane are merged (`merge_planar`).

    Parameters
    ----------
    up
        Which axis of the file points up; if not given, y for OBJ, GLB and glTF, z for PLY, STL and OFF.
    merge_degrees
        How far the normals of triangles in a plane may differ; None leaves all triangles.

    Raises
    ------
    Refused
        The file cannot be read, is no mesh, or too large: 64 MiB and 200,000 faces are read.
    """
    path = Path(path)
    format = path.suffix.lower().removeprefix(".")  # noqa: A001
    if format not in FORMATS:
        endings = ", ".join(f".{ending}" for ending in FORMATS)
        raise Refused(f"{path.name} has the ending {path.suffix!r}; meshes are read from {endings}.")
    one, content = FORMATS[format], _content(path)
    if one.is_text or content[3:8].lower() == b"solid":  # STL as text
        content = _without_mark(content, path.name)
    mesh = one.read(content, path.name, *((path.parent,) if one.names_others else ()))
    notes = mesh.notes
    if merge_degrees is not None and all(len(face) == 3 for face in mesh.faces):
        mesh = merge_planar(mesh, merge_degrees)
    vertices = mesh.vertices[:, [2, 0, 1]] if (up or one.up) == "y" else mesh.vertices
    return Mesh(vertices, mesh.faces, notes)


def _without_mark(text: bytes, name: str) -> bytes:
    """As UTF-8 without a byte order mark, which some editors write in front."""
    if text.startswith(BOM_UTF8):
        return text.removeprefix(BOM_UTF8)
    if not text.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return text
    try:
        return text.decode("utf-16").encode()
    except UnicodeError as error:
        raise Refused(f"{name} begins as UTF-16 text, but is none.") from error


def mesh_bytes(mesh: Mesh, format: str) -> bytes:  # noqa: A002
    """A mesh as the bytes of an `obj`, `ply`, `stl`, `off` or `glb` file: the same mesh, the same bytes.

    OBJ, PLY and OFF hold its polygons, and exactly its numbers; STL and GLB triangles of float32. OBJ and GLB are
    written y up, the others z up, as `read_mesh` expects them.

    Raises
    ------
    Refused
        Another format, or no faces where the format cannot hold vertices alone.
    """
    known = FORMATS.get(format)
    if known is None or known.write is None:
        formats = ", ".join(name for name, one in FORMATS.items() if one.write)
        raise Refused(f"Meshes are not written as {format!r}; there are {formats}.")
    if known.up == "y":
        mesh = Mesh(mesh.vertices[:, [1, 2, 0]], mesh.faces)
    return known.write(mesh)


def _content(path: Path) -> bytes:
    try:
        is_file = stat.S_ISREG(path.stat().st_mode)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise Refused(f"{path.name} cannot be read: {getattr(error, 'strerror', error)}.") from error
    if not is_file:  # a folder; or a pipe, on which one could wait for ever
        raise Refused(f"{path.name} is no file that can be read.")
    data = read_bytes(path, MAX_BYTES)
    if not data:
        raise Refused(f"{path.name} is empty (0 bytes).")
    for start, what in _OTHER_FILES:
        if data.startswith(start):
            raise Refused(f"{path.name} is {what}.")
    return data
