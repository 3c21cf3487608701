"""The meshes that are shown side by side, as a scene at any step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QCoreApplication

from inference.results.mesh import MeshSample
from widgets.look.theme import FigureStyle
from widgets.scene3d.scene import MeshObject, MeshScene
from widgets.views.mesh.coloring import BitScale, ColorBy, Colors, Legend, colors_of, legend_of
from widgets.views.mesh.growth import Growth
from widgets.views.mesh.mesh_at_step import Looks, staged

ROWS_FROM = (-82.0, 34.0)  # azimuth and elevation that rows are placed for

_PLAIN = Looks()
_MANY = 4  # of more, only the seeds have room
_SMALL = 2.5  # points: their vertices
_ASPECT = 1.4  # of the picture
_NARROWEST = 0.55  # of its height: room for the text beneath a slim mesh
_GAP, _LABEL = 0.16, 0.14  # of the widest mesh: between two of them, and for the text beneath


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshExhibit", text)


class Exhibit:
    """Samples and the one among them that is looked at. All grow at once, token by token.

    Attributes
    ----------
    growths
        The samples, taken apart.
    active
        The one whose tokens are shown.
    scale
        Bits on the colour map; the same for all.
    """

    def __init__(self) -> None:
        self.growths: tuple[Growth, ...] = ()
        self.active = 0
        self.scale = BitScale.of(())
        self._colors: tuple[Colors, ...] = ()
        self._colored: tuple[object, ...] = ()

    def show(self, samples: Sequence[MeshSample]) -> None:
        """Other samples, or more of the same."""
        self.growths = tuple(Growth(sample) for sample in samples)
        self.active = min(self.active, max(len(self.growths) - 1, 0))
        self.scale = BitScale.of(self.growths)
        self._colored = ()

    @property
    def growth(self) -> Growth | None:
        """The one that is looked at."""
        return self.growths[self.active] if self.growths else None

    @property
    def is_growing(self) -> bool:
        return any(growth.is_growing for growth in self.growths)

    @property
    def n_steps(self) -> int:
        """Until the longest one is written."""
        return max((growth.n_steps for growth in self.growths), default=0)

    def active_step(self, step: int) -> int:
        """The step of the active one while all have grown so far."""
        n = self.growth.n_steps if self.growth else 0
        return min(step, max(n - 1, 0))

    def common_step(self, active_step: int) -> int:
        """How far all have grown when the active one is there; when it is whole, all are."""
        is_last = self.growth is not None and active_step >= self.growth.n_steps - 1
        return max(self.n_steps - 1, 0) if is_last else active_step

    def legend(self, by: ColorBy) -> Legend | None:
        """What the colours mean."""
        return legend_of(self.growth, by, self.scale) if self.growth else None

    def scene(self, step: int, by: ColorBy, looks: Looks, style: FigureStyle, *, is_still: bool) -> MeshScene:
        """All of them when so many tokens are written."""
        colored = (by, style.theme, style.color_map, self.growths)
        if self._colored != colored:
            self._colored = colored
            self._colors = tuple(colors_of(growth, by, self.scale, style) for growth in self.growths)
        objects = [
            staged(
                growth,
                step,
                colors,
                looks if number == self.active else _PLAIN,
                style.theme,
                title=self._title(number),
                is_still=is_still,
            )
            for number, (growth, colors) in enumerate(zip(self.growths, self._colors, strict=True))
        ]
        if len(objects) > _MANY:
            objects = [
                mesh
                if mesh.vertex_sizes is not None
                else replace(mesh, vertex_sizes=np.full(len(mesh.vertices), _SMALL))
                for mesh in objects
            ]
        return MeshScene(in_rows(objects), show_axes=len(objects) < 2)

    def _title(self, number: int) -> str:
        if len(self.growths) < 2:
            return ""
        growth = self.growths[number]
        mark = "▸ " if number == self.active else ""
        name = _tr("seed {}").format(growth.sample.seed)
        if growth.sample.why_unfinished:
            return f"{mark}{name}: {_tr('cut off')}"
        bits = "" if growth.is_growing or len(self.growths) > _MANY else f": {sum(growth.bits_per_vertex()):.2f} bit"
        return f"{mark}{name}{bits}"


def in_rows(objects: Sequence[MeshObject]) -> tuple[MeshObject, ...]:
    """The same meshes side by side on the ground, so that from `ROWS_FROM` none hides another."""
    if len(objects) < 2:
        return tuple(objects)
    rooms = [tuple(np.asarray(corner) for corner in mesh.room()) for mesh in objects]
    size = np.max([high - low for low, high in rooms], 0)
    widest = float(size[:2].max())
    steep = math.tan(math.radians(ROWS_FROM[1]))
    across = max(float(size[0]) + _GAP * widest, _NARROWEST * float(size[2]))
    back = float(size[1]) + float(size[2]) / steep + (_GAP + _LABEL / steep) * widest
    n_columns = _n_columns(len(objects), across, back * math.sin(math.radians(ROWS_FROM[1])))
    placed = []
    for number, (mesh, (low, high)) in enumerate(zip(objects, rooms, strict=True)):
        row, column = divmod(number, n_columns)
        middle = (low + high) / 2
        offset = (column * across - middle[0], -row * back - middle[1], -low[2])
        x, y, z = (float(value) for value in offset)
        placed.append(replace(mesh, offset=(x, y, z)))
    return tuple(placed)


def _n_columns(n: int, across: float, down: float) -> int:
    """So many that the meshes are seen as large as can be; `across` and `down` are what one takes of the picture."""

    def size(columns: int) -> float:
        return min(_ASPECT / (columns * across), 1 / (math.ceil(n / columns) * down))

    return max(range(1, n + 1), key=lambda columns: (round(size(columns), 3), -columns))
