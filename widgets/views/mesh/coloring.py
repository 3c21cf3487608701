"""Colours of a mesh: by surprisal, by order, by part; and the legend that says which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QCoreApplication

from widgets.look import color_maps
from widgets.look.surprisal_colors import SurprisalScale, heated, salient
from widgets.look.theme import FigureStyle
from widgets.views.mesh.growth import Growth

ColorBy = Literal["bits", "order", "part", "plain"]

_LEAST_TOP = 6.0  # bits: a mesh without surprises is not made to look like one with many
_TOP_SHARE = 92  # per cent of the polygons lie below the top of the scale
_SHOWN_PARTS = 10


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshColors", text)


@dataclass(frozen=True)
class ColorLegend:
    """What the colours mean.

    Attributes
    ----------
    ticks
        Place (0 to 1 along the colour map) and text; empty where the colours are not numbers.
    swatches
        Number in the theme's series and text.
    is_heat
        Whether the strip is the one of surprisal, not the user's colour map.
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


def scale_of(growths: Sequence[Growth]) -> SurprisalScale:
    """One scale for all meshes that are shown together."""
    bits = np.concatenate([np.zeros(1), *(growth.face_bits for growth in growths)])
    vertices = np.concatenate([np.zeros(1), *(growth.vertex_bits for growth in growths)])
    top = max(float(np.percentile(bits, _TOP_SHARE)), float(np.percentile(vertices, _TOP_SHARE)))
    return SurprisalScale(max(float(np.ceil(top)), _LEAST_TOP))


def mapped(places: np.ndarray, color_map: str) -> np.ndarray:
    """Places 0 to 1 as colours of a map: uint8 [N, 3]."""
    colors = color_maps.lookup(color_map)[np.rint(np.clip(places, 0, 1) * 255).astype(np.int64)]
    return np.stack([colors >> 16 & 255, colors >> 8 & 255, colors & 255], -1).astype(np.uint8)


def colors_of(growth: Growth, by: ColorBy, scale: SurprisalScale, style: FigureStyle) -> Colors:
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


def legend_of(growth: Growth, by: ColorBy, scale: SurprisalScale) -> ColorLegend | None:
    """What `colors_of` means, for the mesh that is looked at."""
    if by == "bits":
        title = _tr("Surprisal in bits")
        return ColorLegend(title, scale.ticks(), is_heat=True)
    if by == "order":
        return ColorLegend(_tr("Order of writing"), ((0.0, _tr("first")), (1.0, _tr("last"))))
    if by == "part":
        n = int(growth.vertex_parts.max()) + 1 if growth.n_vertices else 0
        shown = min(n, _SHOWN_PARTS)
        swatches = tuple((number, str(number + 1)) for number in range(shown))
        title = _tr("{} parts: what hangs together by vertices").format(n)
        return ColorLegend(title if n != 1 else _tr("1 part: all hangs together by vertices"), (), swatches)
    return None
