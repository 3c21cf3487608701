"""What a mesh can be saved as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class MeshFormat:
    """A kind of file: what it holds, and a line about it."""

    holds: Literal["mesh", "image", "film", "numbers"]
    about: str


FORMATS: dict[str, MeshFormat] = {
    "obj": MeshFormat("mesh", "OBJ, the mesh with its polygons"),
    "ply": MeshFormat("mesh", "PLY, the mesh with its polygons"),
    "stl": MeshFormat("mesh", "STL, the mesh in triangles"),
    "glb": MeshFormat("mesh", "GLB, the mesh in triangles, for PowerPoint and the web"),
    "png": MeshFormat("image", "PNG, an image in pixels"),
    "svg": MeshFormat("image", "SVG, an image in vectors for slides and the web"),
    "pdf": MeshFormat("image", "PDF, an image in vectors for papers"),
    "gif": MeshFormat("film", "GIF, its growth"),
    "webp": MeshFormat("film", "WebP, its growth, without loss"),
    "mp4": MeshFormat("film", "MP4, its growth as a video"),
    "webm": MeshFormat("film", "WebM, its growth as a video"),
    "frames": MeshFormat("film", "a folder of numbered PNGs, its growth"),
    "npz": MeshFormat("numbers", "NPZ, tokens and probabilities for NumPy"),
}


def ending_of(kind: str) -> str:
    """`.obj` of `obj`; a folder has none."""
    return "" if kind == "frames" else f".{kind}"
