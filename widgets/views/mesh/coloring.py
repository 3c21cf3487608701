"""Colours of a mesh: by surprise, by order, by part; and the legend that says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication

from widgets.look import color_maps
from widgets.look.theme import FigureStyle
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.surprisal_colors import heated, salient

ColorBy = Literal["bits", "order", "part", "plain"]

_SPREAD = 0.7
_LEAST_TOP = 6.0  # bits: a mesh without surprises is not made to look like one with many
_TOP_SHARE = 92  # per cent of the polygons lie below the top of the scale
_SHOWN_PARTS = 10


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshColors", text)


@dataclass(frozen=True)
class Legend:
    """What the colours mean.

    Attributes
    ----------
    ticks
        Place (0 to 1 along the colour map) and text; empty where the colours are not numbers.
    swatches
        Number in the theme's series and text.
    is_heat
        Whether the strip is the one of surprise, not the user's colour map.
    """

    title: str
    ticks: tuple[tuple[float, str], ...] = ()
    swatches: tuple[tuple[int, str], ...] = ()
    is_heat: bool = False


@dataclass(frozen=True)
class Colors:
    """Of one mesh: uint8 [F, 3] and [V, 3]; None is the theme's own."""

    faces: np.ndarray | None
    vertices: np.ndarray | None


TOKEN_TOP = 8.0  # bits, of one token: as if it were one of 256 that are alike


@dataclass(frozen=True)
class BitScale:
    """Bits as heat, from 0 to `top`; the lower ones are spread, as most tokens surprise little."""

    top: float

    @staticmethod
    def of(growths: Sequence[Growth]) -> BitScale:
        """One scale for all meshes that are shown together."""
        bits = np.concatenate([np.zeros(1), *(growth.face_bits for growth in growths)])
        vertices = np.concatenate([np.zeros(1), *(growth.vertex_bits for growth in growths)])
        top = max(float(np.percentile(bits, _TOP_SHARE)), float(np.percentile(vertices, _TOP_SHARE)))
        return BitScale(max(float(np.ceil(top)), _LEAST_TOP))

    def places(self, bits: np.ndarray) -> np.ndarray:
        """0 to 1."""
        return np.clip(np.asarray(bits) / self.top, 0, 1) ** _SPREAD

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """0, some in between, and the top, which stands for more, too."""
        between = [value for value in (1, 2, 4, 8, 16, 32) if value < 0.7 * self.top]
        marks = [(0.0, "0"), *(((value / self.top) ** _SPREAD, str(value)) for value in between[-3:])]
        return (*marks, (1.0, f"≥ {self.top:.0f}"))


def mapped(places: np.ndarray, color_map: str) -> np.ndarray:
    """Places 0 to 1 as colours of a map: uint8 [N, 3]."""
    colors = color_maps.lookup(color_map)[np.rint(np.clip(places, 0, 1) * 255).astype(np.int64)]
    return np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], -1).astype(np.uint8)


def colors_of(growth: Growth, by: ColorBy, scale: BitScale, style: FigureStyle) -> Colors:
    """Colours of all vertices and polygons of a mesh."""
    if by == "plain":
        return Colors(None, None)
    if by == "bits":
        return Colors(
            heated(scale.places(growth.face_bits), style.theme),
            salient(heated(scale.places(growth.vertex_bits), style.theme), style.theme),
        )
    if by == "order":
        n_vertices, n_faces = growth.n_vertices, len(growth.faces)
        return Colors(
            mapped(np.arange(n_faces) / max(n_faces - 1, 1), style.color_map),
            mapped(np.arange(n_vertices) / max(n_vertices - 1, 1), style.color_map),
        )
    series = np.array([(color.red(), color.green(), color.blue()) for color in style.theme.series], np.uint8)
    return Colors(series[growth.face_parts % len(series)], series[growth.vertex_parts % len(series)])


def legend_of(growth: Growth, by: ColorBy, scale: BitScale) -> Legend | None:
    """What `colors_of` means, for the mesh that is looked at."""
    if by == "bits":
        title = _tr("Surprise in bits")
        return Legend(title, scale.ticks(), is_heat=True)
    if by == "order":
        return Legend(_tr("Order of writing"), ((0.0, _tr("first")), (1.0, _tr("last"))))
    if by == "part":
        n = int(growth.vertex_parts.max()) + 1 if growth.n_vertices else 0
        shown = min(n, _SHOWN_PARTS)
        swatches = tuple((number, str(number + 1)) for number in range(shown))
        title = _tr("{} parts: what hangs together by vertices").format(n)
        return Legend(title if n != 1 else _tr("1 part: all hangs together by vertices"), (), swatches)
    return None
