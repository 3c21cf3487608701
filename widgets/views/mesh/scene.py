"""The meshes that are shown side by side, as a scene in space at any step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QColor

from inference.results.mesh import MeshSample
from widgets.look.theme import FigureStyle, Theme
from widgets.scene3d.scene import Guide, Links, MeshObject, MeshScene
from widgets.views.mesh.coloring import ColorBy, ColorLegend, Colors, colors_of, legend_of, scale_of
from widgets.views.mesh.growth import FIRST_VERTEX, N_VALUES, Growth, MeshMoment
from widgets.views.mesh.overlay import Overlay

ROWS_FROM = (-82.0, 34.0)  # azimuth and elevation that rows are placed for

_PLAIN = Overlay()
_MANY = 4  # of more, only the seeds have room
_SMALL = 2.5  # points: their vertices
_ASPECT = 1.4  # of the image
_NARROWEST = 0.55  # of its height: room for the text beneath a slim mesh
_GAP, _LABEL = 0.16, 0.14  # of the widest mesh: between two of them, and for the text beneath

_LEAST = 0.01  # of probability: rarer values are not drawn in space
_MOST_GUIDES = 24
_POINT, _NEWEST = 5.5, 11.0  # points
_LARGEST = 20.0
_PLANE = 0.5  # of the opacity of lines: the mesh is seen through planes


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshScene", text)


class ShownMeshes:
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
        self.scale = scale_of(())
        self._colors: tuple[Colors, ...] = ()
        self._colored: tuple[object, ...] = ()

    def show(self, samples: Sequence[MeshSample]) -> None:
        """Other samples, or more of the same."""
        self.growths = tuple(Growth(sample) for sample in samples)
        self.active = min(self.active, max(len(self.growths) - 1, 0))
        self.scale = scale_of(self.growths)
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

    def legend(self, by: ColorBy) -> ColorLegend | None:
        """What the colours mean."""
        return legend_of(self.growth, by, self.scale) if self.growth else None

    def scene(self, step: int, by: ColorBy, overlay: Overlay, style: FigureStyle, *, is_still: bool) -> MeshScene:
        """All of them when so many tokens are written."""
        colored = (by, style.theme, style.color_map, self.growths)
        if self._colored != colored:
            self._colored = colored
            self._colors = tuple(colors_of(growth, by, self.scale, style) for growth in self.growths)
        objects = [
            mesh_object(
                growth,
                step,
                colors,
                overlay if number == self.active else _PLAIN,
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
        bits = "" if growth.is_growing or len(self.growths) > _MANY else f": {sum(growth.bits_per_vertex()):.2f} bits"
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
    """So many that the meshes are seen as large as can be; `across` and `down` are what one takes of the image."""

    def size(columns: int) -> float:
        return min(_ASPECT / (columns * across), 1 / (math.ceil(n / columns) * down))

    return max(range(1, n + 1), key=lambda columns: (round(size(columns), 3), -columns))


# One mesh


def mesh_object(
    growth: Growth, step: int, colors: Colors, overlay: Overlay, theme: Theme, *, title: str = "", is_still: bool = True
) -> MeshObject:
    """A mesh as it is behind the token of a step. `is_still` leaves out what only a moving image shows."""
    n_steps = growth.n_steps
    moment = growth.at(min(step, n_steps - 1)) if n_steps else MeshMoment("vertices", 0, 0, 0, (), ())
    n_vertices = moment.n_vertices
    guides: tuple[Guide, ...] = ()
    links = None
    vertex_colors, vertex_sizes = colors.vertices, None
    selected_vertices, selected_faces = overlay.found_vertices, (*overlay.found_faces, *overlay.chosen_faces)
    if overlay.kind == "expected" and n_steps:
        if moment.part == "vertices":
            guides = _expected_coordinates(growth, moment, theme)
        elif not is_still or moment.place < growth.n_pointers - 1 or growth.is_growing:
            vertex_colors, vertex_sizes = _pointers(growth, moment, theme)
    elif overlay.kind == "attention" and overlay.pattern is not None and overlay.origin is not None:
        n_vertices = max(n_vertices, overlay.origin + 1)
        links = links_of(overlay.pattern, overlay.origin)
        selected_vertices = (overlay.origin,)
    elif overlay.kind == "cut" and overlay.height is not None:
        guides = (Guide((_coordinate(overlay.height + 0.5),), 0.6),)
        vertex_colors, vertex_sizes = _kept(growth, overlay.height, theme)
    if vertex_sizes is None and moment.part == "vertices" and n_vertices and n_vertices < growth.n_vertices:
        vertex_sizes = np.full(growth.n_vertices, _POINT)
        vertex_sizes[n_vertices - 1] = _NEWEST
    return MeshObject(
        growth.vertices,
        growth.faces,
        title=title,
        face_colors=colors.faces,
        vertex_colors=vertex_colors,
        vertex_sizes=vertex_sizes,
        n_visible_vertices=n_vertices,
        n_visible_faces=moment.n_faces,
        ring=moment.ring,
        links=links,
        guides=guides,
        selected_vertices=selected_vertices,
        selected_faces=selected_faces,
        extent=growth.room(),
    )


def _coordinate(value: float) -> float:
    return value / (N_VALUES - 1) - 0.5


def _expected_coordinates(growth: Growth, moment: MeshMoment, theme: Theme) -> tuple[Guide, ...]:
    """Planes, lines or points as opaque as they were probable, and what was chosen."""
    tokens = growth.sample.vertices
    chosen = int(tokens.tokens[moment.place]) - 1
    if chosen < 0:
        return ()
    first = moment.place // 3 * 3
    fixed = tuple(_coordinate(int(token) - 1) for token in tokens.tokens[first : moment.place])
    probabilities = tokens.probabilities[moment.place, 1 : N_VALUES + 1].astype(float)
    likely = np.flatnonzero(probabilities >= _LEAST)
    likely = likely[np.argsort(-probabilities[likely], kind="stable")][:_MOST_GUIDES]
    veil = _PLANE if not fixed else 1.0
    guides = [
        Guide((*fixed, _coordinate(float(value))), veil * float(0.12 + 0.8 * np.sqrt(probabilities[value])))
        for value in likely
        if value != chosen
    ]
    ring = number_of(theme.warning)
    if fixed:  # where it is already
        guides.append(Guide(fixed, 0.4 if len(fixed) > 1 else 0.25, ring))
    # What was chosen is seen however improbable it was.
    opacity = veil * float(0.35 + 0.6 * np.sqrt(probabilities[chosen]))
    return (*guides, Guide((*fixed, _coordinate(chosen)), opacity, ring))


def _kept(growth: Growth, height: int, theme: Theme) -> tuple[np.ndarray, np.ndarray]:
    """Vertices that stay are strong, those that go are faint: uint8 [V, 3] and float [V]."""
    stays = (growth.values[:, 2] <= height)[:, None]
    colors = np.where(stays, _rgb(theme.accent), _rgb(theme.line))
    return colors.astype(np.uint8), np.where(stays[:, 0], 1.5 * _POINT, 0.7 * _POINT)


def _pointers(growth: Growth, moment: MeshMoment, theme: Theme) -> tuple[np.ndarray, np.ndarray]:
    """Vertices as strong and as large as they were probable: uint8 [V, 3] and float [V]."""
    expected = growth.sample.faces.probabilities[moment.place].astype(float)
    probabilities = np.zeros(growth.n_vertices)
    n = min(len(expected) - FIRST_VERTEX, growth.n_vertices)
    probabilities[:n] = expected[FIRST_VERTEX : FIRST_VERTEX + n]
    strength = np.sqrt(probabilities)[:, None]
    colors = _rgb(theme.faint) * (1 - strength) + _rgb(theme.accent) * strength
    return np.rint(colors).astype(np.uint8), _POINT * 0.7 + (_LARGEST - _POINT * 0.7) * strength[:, 0]


def links_of(pattern: np.ndarray, origin: int) -> Links:
    """Lines from a vertex to all that have some weight, as thick and as opaque as the weight."""
    others = np.flatnonzero(pattern >= _LEAST / 2)
    others = others[others != origin]
    strength = np.sqrt(np.clip(pattern[others], 0, 1))
    return Links(
        np.stack([np.full(len(others), origin), others], 1), 1.0 + 6.0 * strength, np.clip(0.15 + strength, 0, 1)
    )


def number_of(color: QColor) -> int:
    """0xrrggbb."""
    return color.rgb() & 0xFFFFFF


def _rgb(color: QColor) -> np.ndarray:
    return np.array([color.red(), color.green(), color.blue()], float)
