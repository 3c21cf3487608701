"""Meshes as a model wrote them: the image in space, what its colours mean, and what was expected of one token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QRectF, QSizeF
from PySide6.QtGui import QFontMetricsF, QPainter

from inference.results.mesh import MeshTokens
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.scene3d.scene_figure import MeshFigure
from widgets.views.mesh.coloring import ColorLegend
from widgets.views.mesh.figures.expected import MeshExpected
from widgets.views.mesh.figures.legend import legend_size, paint_legend
from widgets.views.mesh.growth import Growth

_EXPECTED = 25.0  # em, of its width
_GAP = 1.0  # em
_HEADER = (
    "mesh", "seed", "part", "step", "token", "meaning", "vertex_or_face", "bits", "probability",
    "forbidden_probability", "is_given",
)  # fmt: skip


def _tr(text: str) -> str:
    return QCoreApplication.translate("MeshSampleFigure", text)


@dataclass(frozen=True, eq=False)
class MeshSampleFigure:
    """The image of one mesh or several; its numbers are all their tokens.

    Attributes
    ----------
    growths
        What the meshes were made of, in the order of the image's objects.
    legend
        What the colours mean; None where they mean nothing.
    expected
        Painted beside the image; None leaves it out.
    active
        The mesh that is looked at.
    """

    image: MeshFigure
    growths: Sequence[Growth]
    legend: ColorLegend | None = None
    expected: MeshExpected | None = None
    active: int = 0

    @property
    def growth(self) -> Growth:
        """The mesh that is looked at."""
        return self.growths[self.active]

    @property
    def caption(self) -> str:
        parts = [self.image.caption]
        if self.legend is not None:
            parts.append(_tr("colours: {}").format(self.legend.title))
        if self.expected is not None:
            parts.append(self.expected.caption)
        return "; ".join(parts)

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        size = self.image.natural_size(style)
        beside = (_EXPECTED + _GAP) * em if self.expected is not None else 0.0
        return QSizeF(size.width() + beside, size.height() + self._legend_height(style))

    def _legend_height(self, style: FigureStyle) -> float:
        return 0.0 if self.legend is None else legend_size(self.legend, style).height()

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        area = QRectF(rect)
        if self.expected is not None:
            width = min(_EXPECTED * em, 0.5 * rect.width())
            beside = QRectF(rect.right() - width, rect.top(), width, min(18 * em, rect.height()))
            self.expected.paint(painter, beside, style)
            area.setRight(beside.left() - _GAP * em)
        if self.legend is not None:
            height = self._legend_height(style)
            paint_legend(painter, self.legend, QRectF(area.left(), area.bottom() - height, area.width(), height), style)
            area.setBottom(area.bottom() - height)
        self.image.paint(painter, area, style)

    def numbers(self) -> Numbers:
        """All tokens with bits and probabilities: a row each; the whole distributions as arrays."""
        arrays: dict[str, np.ndarray] = {}
        rows: list[tuple[str | int | float, ...]] = []
        for number, growth in enumerate(self.growths):
            behind = f"_{number}" if len(self.growths) > 1 else ""
            for name, tokens in (("vertex", growth.sample.vertices), ("face", growth.sample.faces)):
                arrays[f"{name}_tokens{behind}"] = tokens.tokens
                arrays[f"{name}_bits{behind}"] = tokens.bits
                arrays[f"{name}_probabilities{behind}"] = tokens.probabilities
                arrays[f"{name}_is_forbidden{behind}"] = tokens.is_forbidden
                arrays[f"n_given_{name}_tokens{behind}"] = np.array(tokens.n_given)
            arrays[f"vertices{behind}"] = growth.vertices
            arrays[f"face_starts{behind}"] = np.cumsum([0, *map(len, growth.faces)])
            arrays[f"face_vertices{behind}"] = np.array([corner for face in growth.faces for corner in face], np.int64)
            arrays[f"label{behind}"] = np.array(-1 if growth.sample.label is None else growth.sample.label)
            arrays[f"seed{behind}"] = np.array(growth.sample.seed)
            rows += [_row(number, growth, step) for step in range(growth.n_steps)]
        return Numbers(arrays, _HEADER, rows)


def _row(number: int, growth: Growth, step: int) -> tuple[str | int | float, ...]:
    part, place = growth.part_of(step)
    tokens: MeshTokens = growth.tokens_of(part)
    token = int(tokens.tokens[place])
    probabilities = tokens.probabilities[place].astype(np.float64)
    return (
        number,
        growth.sample.seed,
        part,
        place,
        token,
        growth.word(step),
        place // 3 if part == "vertices" else int(growth.pointer_faces[place]),
        float(tokens.bits[place]),
        float(probabilities[token]) if token < len(probabilities) else 0.0,
        float(probabilities[tokens.is_forbidden[place]].sum()),
        int(place < tokens.n_given),
    )
