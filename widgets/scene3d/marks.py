"""What a scene shows besides faces and vertices, as lines, discs, sheets and texts in space."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from widgets.scene3d.scene import Guide, Links, MeshObject, MeshScene
from widgets.scene3d.shading import MeshColors, rgb_number

_N_GRID = 10  # about so many lines on the ground
_MARGIN = 0.08  # of the room: guides reach a little beyond it
_AXIS = 0.3  # of the scene's width
_THIN, _BOLD = 1.0, 2.4  # points
_BEHIND = 0.35  # of its opacity keeps a mark that lies behind faces


@dataclass(frozen=True)
class Label:
    """A text at a point; its colour 0 to 255. `below` hangs it under the point."""

    text: str
    at: tuple[float, float, float]
    color: np.ndarray
    below: bool = False


@dataclass(frozen=True, eq=False)
class SceneMarks:
    """Attributes

    ----------
    segments, segment_colors, widths, behind
        float [L, 2, 3], uint8 [L, 4], float [L] in points, and float [L]: the share of its opacity that a line keeps
        where faces hide it.
    points, point_colors, sizes, point_behind
        float [P, 3], uint8 [P, 4], float [P] diameters in points, float [P].
    sheets, sheet_colors, owners
        Translucent rectangles float [S, 4, 3], uint8 [S, 4], and the object that each belongs to: int [S].
    labels
        Texts, always on top.
    """

    segments: np.ndarray
    segment_colors: np.ndarray
    widths: np.ndarray
    behind: np.ndarray
    points: np.ndarray
    point_colors: np.ndarray
    sizes: np.ndarray
    point_behind: np.ndarray
    sheets: np.ndarray
    sheet_colors: np.ndarray
    owners: np.ndarray
    labels: tuple[Label, ...]


_Group = tuple[np.ndarray, np.ndarray, np.ndarray | float, float]  # where, colours, sizes, behind


@dataclass
class _Sheet:
    corners: np.ndarray
    color: np.ndarray
    owner: int


@dataclass
class _Collected:
    """SceneMarks while they are being gathered."""

    lines: list[_Group] = field(default_factory=list)
    discs: list[_Group] = field(default_factory=list)
    sheets: list[_Sheet] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)

    def line(self, segments: np.ndarray, colors: np.ndarray, widths: np.ndarray | float, behind: float) -> None:
        self.lines.append((segments.reshape(-1, 2, 3), colors, widths, behind))

    def disc(self, points: np.ndarray, colors: np.ndarray, size: float, behind: float) -> None:
        self.discs.append((points.reshape(-1, 3), colors, size, behind))

    def marks(self) -> SceneMarks:
        def joined(parts: list[np.ndarray], *shape: int) -> np.ndarray:
            return np.concatenate(parts) if parts else np.zeros((0, *shape))

        def spread(groups: list[_Group], place: int) -> np.ndarray:
            return joined([np.broadcast_to(np.asarray(group[place], float), len(group[0])) for group in groups])

        def colors(groups: list[_Group]) -> np.ndarray:
            return joined([np.broadcast_to(group[1], (len(group[0]), 4)) for group in groups], 4).astype(np.uint8)

        return SceneMarks(
            joined([group[0] for group in self.lines], 2, 3),
            colors(self.lines),
            spread(self.lines, 2),
            spread(self.lines, 3),
            joined([group[0] for group in self.discs], 3),
            colors(self.discs),
            spread(self.discs, 2),
            spread(self.discs, 3),
            joined([sheet.corners[None] for sheet in self.sheets], 4, 3),
            joined([sheet.color[None] for sheet in self.sheets], 4).astype(np.uint8),
            np.array([sheet.owner for sheet in self.sheets], int),
            tuple(self.labels),
        )


def marks_of(scene: MeshScene, colors: MeshColors) -> SceneMarks:
    """All marks of a scene."""
    out = _Collected()
    low, high = scene.bounds()
    if scene.show_grid:
        _grid(out, low, high, colors)
    if scene.show_axes:
        _axes(out, low, high, colors)
    for number, mesh in enumerate(scene.objects):
        offset = np.asarray(mesh.offset, float)
        if mesh.links is not None:
            _links(out, mesh, mesh.links, offset, colors)
        _ring(out, mesh, offset, colors)
        chosen = [vertex for vertex in mesh.selected_vertices if 0 <= vertex < mesh.n_vertices]
        out.disc(mesh.vertices[chosen] + offset, colors.selected, 11.0, _BEHIND)
        for guide in mesh.guides:
            _guide(out, number, mesh, guide, offset, colors)
        if mesh.title:
            room_low, room_high = (corner + offset for corner in mesh.room())
            at = (float(room_low[0] + room_high[0]) / 2, float(room_low[1]), float(room_low[2]))
            out.labels.append(Label(mesh.title, at, colors.vertex, below=True))
    return out.marks()


def _grid(out: _Collected, low: np.ndarray, high: np.ndarray, colors: MeshColors) -> None:
    step, first, last = _ground(low, high)
    z = low[2]
    for axis in (0, 1):
        other = 1 - axis
        values = np.arange(first[axis], last[axis] + step / 2, step)
        segments = np.full((len(values), 2, 3), z)
        segments[:, :, axis] = values[:, None]
        segments[:, 0, other], segments[:, 1, other] = first[other], last[other]
        out.line(segments, colors.grid, _THIN, 0.0)


def _ground(low: np.ndarray, high: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Step of the grid, and its lowest and highest corner."""
    step = grid_step(float((high - low)[:2].max()))
    return step, np.floor(low[:2] / step - 0.4) * step, np.ceil(high[:2] / step + 0.4) * step


def grid_step(width: float) -> float:
    """1, 2 or 5 times a power of ten, so that about ten steps make the width."""
    raw = max(width, 1e-9) / _N_GRID
    power = 10.0 ** np.floor(np.log10(raw))
    return float(power * min((1, 2, 5, 10), key=lambda times: abs(np.log(times * power / raw))))


def _axis_ends(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where the axes meet, and their ends along x, y and z: float [4, 3]."""
    corner = np.array([*_ground(low, high)[1], low[2]])
    size = high - low
    length = min(_AXIS * float(size.max()), max(float(size[2]), _AXIS / 2 * float(size.max())))
    return np.concatenate([corner[None], corner + length * np.eye(3)])


def _axes(out: _Collected, low: np.ndarray, high: np.ndarray, colors: MeshColors) -> None:
    corner, *ends = _axis_ends(low, high)
    for name, end, color in zip("xyz", ends, colors.axes, strict=True):
        out.line(np.stack([corner, end]), color, _BOLD, 0.0)
        x, y, z = (end + 0.12 * (end - corner)).tolist()
        out.labels.append(Label(name, (x, y, z), colors.vertex))  # letters in the axis' colour would be too pale


def framing(scene: MeshScene) -> np.ndarray:
    """Points that a camera must show to show the scene: float [N, 3]."""
    low, high = scene.bounds()
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    points = [corners]
    if scene.show_axes:
        points.append(_axis_ends(low, high))
    if scene.show_grid:
        _, first, last = _ground(low, high)
        points.append(np.array([[x, y, low[2]] for x in (first[0], last[0]) for y in (first[1], last[1])]))
    return np.concatenate(points)


def _links(out: _Collected, mesh: MeshObject, links: Links, offset: np.ndarray, colors: MeshColors) -> None:
    pairs = np.asarray(links.pairs, int).reshape(-1, 2)
    is_there = (pairs >= 0).all(1) & (pairs < mesh.n_vertices).all(1)
    color = colors.link if links.color is None else rgb_number(links.color)
    opacities = np.broadcast_to(np.asarray(links.opacities, float), len(pairs))[is_there]
    tinted = np.repeat(color[None], len(opacities), 0)
    tinted[:, 3] = np.rint(255 * np.clip(opacities, 0, 1))
    widths = np.broadcast_to(np.asarray(links.widths, float), len(pairs))[is_there]
    # Thoughts are seen through walls.
    out.line(mesh.vertices[pairs[is_there]] + offset, tinted, widths, 0.6)


def _ring(out: _Collected, mesh: MeshObject, offset: np.ndarray, colors: MeshColors) -> None:
    ring = [vertex for vertex in mesh.ring if 0 <= vertex < len(mesh.vertices)]
    points = mesh.vertices[ring] + offset
    if len(ring) > 1:
        out.line(np.stack([points[:-1], points[1:]], 1), colors.ring, 3.0, 0.6)
    out.disc(points[:-1], colors.ring, 8.0, 0.6)
    out.disc(points[-1:], colors.ring, 12.0, 0.6)  # where the pen stands


def _guide(out: _Collected, owner: int, mesh: MeshObject, guide: Guide, offset: np.ndarray, colors: MeshColors) -> None:
    low, high = mesh.room()
    margin = _MARGIN * max(float((high - low).max()), 1e-6)
    low, high = low + offset - margin, high + offset + margin
    color = (colors.selected if guide.color is None else rgb_number(guide.color)).copy()
    color[3] = round(255 * min(max(guide.opacity, 0.0), 1.0))
    z, *rest = guide.at
    z += offset[2]
    if len(guide.at) == 1:
        (x0, y0), (x1, y1) = low[:2], high[:2]
        corners = np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]])
        out.line(np.stack([corners, np.roll(corners, -1, 0)], 1), color, _THIN, _BEHIND)
        color[3] = round(0.55 * color[3])
        out.sheets.append(_Sheet(corners, color, owner))
    elif len(guide.at) == 2:
        y = rest[0] + offset[1]
        out.line(np.array([[low[0], y, z], [high[0], y, z]]), color, _BOLD, _BEHIND)
    else:
        y, x = rest[0] + offset[1], rest[1] + offset[0]
        out.disc(np.array([[x, y, z]]), color, 9.0, _BEHIND)
