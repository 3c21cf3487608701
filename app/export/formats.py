"""All kinds of files that something can be saved as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FileFormat:
    """A kind of file: what it holds, and a line about it."""

    holds: Literal["image", "numbers", "mesh", "film"]
    about: str


FORMATS: dict[str, FileFormat] = {
    "svg": FileFormat("image", "SVG, vectors for slides and the web"),
    "pdf": FileFormat("image", "PDF, vectors for papers"),
    "png": FileFormat("image", "PNG, pixels"),
    "csv": FileFormat("numbers", "CSV, the numbers as a table"),
    "npz": FileFormat("numbers", "NPZ, the numbers for NumPy"),
    "obj": FileFormat("mesh", "OBJ, the mesh with its polygons"),
    "ply": FileFormat("mesh", "PLY, the mesh with its polygons"),
    "stl": FileFormat("mesh", "STL, the mesh in triangles"),
    "glb": FileFormat("mesh", "GLB, the mesh in triangles, for PowerPoint and the web"),
    "gif": FileFormat("film", "GIF, as a film"),
    "webp": FileFormat("film", "WebP, as a film without loss"),
    "mp4": FileFormat("film", "MP4, as a video"),
    "webm": FileFormat("film", "WebM, as a video"),
    "frames": FileFormat("film", "a folder of numbered PNGs, a frame each"),
}
OF_FIGURES = tuple(kind for kind, one in FORMATS.items() if one.holds in ("image", "numbers"))
OF_FILMS = tuple(kind for kind, one in FORMATS.items() if one.holds == "film")
OF_MESHES = tuple(kind for kind, one in FORMATS.items() if one.holds == "mesh")
BY_MESH_COMMAND = (*OF_MESHES, "png", "svg", "pdf", *OF_FILMS, "npz")


def ending_of(kind: str) -> str:
    """`.obj` of `obj`; a folder has none."""
    return "" if kind == "frames" else f".{kind}"
