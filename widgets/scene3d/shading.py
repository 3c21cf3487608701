"""Colours of a mesh: the theme's, and how light falls on a face. Both renderers follow it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QColor

from widgets.look.theme import Theme
from widgets.scene3d.camera import Camera
from widgets.scene3d.scene import MeshObject, MeshStyle

# Light from over the viewer's left shoulder (right, up, towards the viewer). It falls on both sides of a face.
LIGHT = (-0.35, 0.55, 0.76)
AMBIENT, DIFFUSE = 0.55, 0.5

# A polygon's edges are its own colour made darker, or lighter where it is dark already.
EDGE_DARKER, EDGE_LIGHTER, EDGE_TURN = 0.28, 0.5, 0.2
EDGE_WIDTH = 1.3  # points
XRAY_OPACITY, XRAY_EDGE = 0.22, 0.7
LUMINANCE = (0.2126, 0.7152, 0.0722)

_OPAQUE = np.array([0, 0, 0, 255], np.uint8)


@dataclass(frozen=True)
class MeshColors:
    """What a scene is drawn in; uint8 [4]: red, green, blue, opacity."""

    face: np.ndarray
    vertex: np.ndarray
    selected: np.ndarray
    link: np.ndarray
    ring: np.ndarray
    grid: np.ndarray
    axes: tuple[np.ndarray, np.ndarray, np.ndarray]


def colors_of(theme: Theme) -> MeshColors:
    """The colours of a theme."""
    return MeshColors(
        face=_mixed(theme.series[0], theme.paper, 0.5 if theme.paper.lightness() > 127 else 0.25),
        vertex=rgba(theme.ink),
        selected=rgba(theme.accent),
        link=rgba(theme.series[6]),
        ring=rgba(theme.warning),
        grid=rgba(theme.line),
        axes=(rgba(theme.series[6]), rgba(theme.series[2]), rgba(theme.series[5])),
    )


def rgba(color: QColor, opacity: float = 1.0) -> np.ndarray:
    """A colour as uint8 [4]."""
    return np.array([color.red(), color.green(), color.blue(), round(255 * opacity)], np.uint8)


def rgb_number(color: int) -> np.ndarray:
    """0xrrggbb as uint8 [4]."""
    return np.array([color >> 16 & 255, color >> 8 & 255, color & 255, 255], np.uint8)


def as_bytes(colors: np.ndarray) -> np.ndarray:
    """Colours [N, 3 | 4], uint8 or float 0 to 1, as uint8 [N, 4]."""
    if colors.ndim != 2 or colors.shape[1] not in (3, 4):
        raise ValueError(f"Colours are [N, 3] or [N, 4], not {list(colors.shape)}.")
    if colors.dtype != np.uint8:
        colors = np.rint(np.clip(np.nan_to_num(colors), 0, 1) * 255).astype(np.uint8)
    if colors.shape[1] == 4:
        return colors
    return np.concatenate([colors, np.full((len(colors), 1), 255, np.uint8)], 1)


def face_colors(mesh: MeshObject, colors: MeshColors) -> np.ndarray:
    """Of all faces, before light falls on them: uint8 [F, 4]."""
    if mesh.face_colors is None:
        chosen = np.broadcast_to(colors.face, (len(mesh.faces), 4))
    else:
        chosen = as_bytes(mesh.face_colors) | _OPAQUE
    faces = [face for face in mesh.selected_faces if 0 <= face < len(chosen)]
    if faces:
        chosen = chosen.copy()
        chosen[faces, :3] = colors.selected[:3]
    return chosen


def vertex_colors(mesh: MeshObject, colors: MeshColors) -> np.ndarray:
    """Of all vertices: uint8 [V, 4]."""
    if mesh.vertex_colors is None:
        return np.broadcast_to(colors.vertex, (len(mesh.vertices), 4))
    return as_bytes(mesh.vertex_colors)


def vertex_sizes(mesh: MeshObject) -> np.ndarray:
    """Diameters in points: float32 [V]. Where nothing else is asked, smaller where there are many."""
    if mesh.vertex_sizes is not None:
        return np.asarray(mesh.vertex_sizes, np.float32)
    n = len(mesh.vertices)
    return np.full(n, 5.5 if n <= 300 else 4.0 if n <= 2_000 else 2.5, np.float32)


def brightness(normals: np.ndarray, camera: Camera) -> np.ndarray:
    """How light a face [F, 3] is, seen from a camera: float [F], 0 to 1."""
    light = np.asarray(LIGHT) @ np.array(camera.axes())
    return np.minimum(AMBIENT + DIFFUSE * np.abs(normals @ light), 1.0)


def lit(colors: np.ndarray, normals: np.ndarray, camera: Camera) -> np.ndarray:
    """Face colours uint8 [F, 4] with light on them: uint8 [F, 4]."""
    out = colors.copy()
    out[:, :3] = np.rint(colors[:, :3] * brightness(normals, camera)[:, None])
    return out


def edge_colors(colors: np.ndarray) -> np.ndarray:
    """Of the edges of faces with these colours: uint8 [F, 4]."""
    rgb = colors[:, :3] / 255
    is_dark = (rgb @ np.asarray(LUMINANCE) < EDGE_TURN)[:, None]
    out = colors.copy()
    out[:, :3] = np.rint(255 * np.where(is_dark, rgb + (1 - rgb) * EDGE_LIGHTER, rgb * EDGE_DARKER))
    return out


def wire(style: MeshStyle, theme: Theme) -> np.ndarray | None:
    """The one colour of all edges, None where each face gives them its own: uint8 [4]."""
    if style == "solid":
        return None
    return rgba(theme.ink, XRAY_EDGE if style == "xray" else 1.0)


def opacity(style: MeshStyle) -> float:
    """Of faces."""
    return {"solid": 1.0, "xray": XRAY_OPACITY, "wireframe": 0.0}[style]


def _mixed(color: QColor, other: QColor, share: float) -> np.ndarray:
    one, two = rgba(color).astype(float), rgba(other).astype(float)
    return np.rint(one * (1 - share) + two * share).astype(np.uint8)
