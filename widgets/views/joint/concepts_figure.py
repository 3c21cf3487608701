"""Words, tags and parts of the image that mean or show a kind of thing, as points: do they lie together?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from inference.results.concepts import ConceptsResult
from inference.results.joint import KINDS, OF_TEXT, is_of
from widgets.figures.heat_panel import short
from widgets.figures.image_parts import paint_border, paint_title
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

_MARK, _REACH = 0.34, 0.8  # em: half a mark, and how near the pointer has to come
_GROUND = 0.75  # opacity of what lies below a name
_WHISKER = 1.5  # lengths of the box beyond it
_ROUNDING = 1e-6
_MOVES = 12  # halves of a name's width and height, each way
_SHAPES = {"word": 0, "tag": 3, "region": 4, "patch": 4}  # corners; 0 is a disc


class ConceptPoint(NamedTuple):
    """A point, by its number."""

    number: int


def _tr(text: str) -> str:
    return QCoreApplication.translate("JointConceptsFigure", text)


@dataclass(frozen=True)
class JointConceptsFigure:
    """A mark for each: discs are words, triangles tags, squares parts of the image; a colour for each kind of thing."""

    result: ConceptsResult

    @property
    def caption(self) -> str:
        result = self.result
        own, other = (float(value) for value in result.distances)
        text = _tr(
            "Silhouette, −1 (mixed) to 1 (apart): kinds of thing {}, {} {}; distance of words to own parts {}, "
            "others {}"
        )
        found = (result.silhouette, result.silhouette_of_kinds, own, other)
        apart, of_kinds, near, far = (short(value, 2) for value in found)
        has_tags = (result.kinds == KINDS.index("tag")).any()
        return text.format(
            apart, _tr("words, tags and image") if has_tags else _tr("words and image"), of_kinds, near, far
        )

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF(56 * em, 34 * em)

    # Where things are

    def _plot(self, rect: QRectF, style: FigureStyle) -> QRectF:
        em = QFontMetricsF(style.font).height()
        return rect.adjusted(0.5 * em, 0.5 * em, -0.5 * em, -1.8 * em)

    def _spots(self, rect: QRectF, style: FigureStyle) -> np.ndarray:
        """float64 [point, 2] on the sheet."""
        plot, em = self._plot(rect, style), QFontMetricsF(style.font).height()
        low, high = self._limits
        shares = ((self.result.places - low) / np.maximum(high - low, 1e-9)).clip(0, 1)
        room = np.array([plot.width() - 2 * em, plot.height() - 2 * em])
        return np.array([plot.left() + em, plot.bottom() - em]) + shares * room * np.array([1, -1])

    @cached_property
    def _limits(self) -> tuple[np.ndarray, np.ndarray]:
        """float64 [2] each: the least and greatest numbers that have room; a few far points squeeze no others.

        As the whiskers of a box plot: one and a half times as far beyond the middle half of the points as that reaches.
        """
        places = self.result.places.astype(np.float64)
        low, high = places.min(0), places.max(0)
        first, third = np.percentile(places, (25, 75), axis=0)
        reach = _WHISKER * (third - first)
        is_wide = reach > 0
        return (
            np.where(is_wide, np.maximum(low, first - reach), low),
            np.where(is_wide, np.minimum(high, third + reach), high),
        )

    @cached_property
    def is_far(self) -> np.ndarray:
        """bool [point]: which lie beyond what has room, and are drawn at the edge."""
        low, high = self._limits
        beyond = (self.result.places < low - _ROUNDING) | (self.result.places > high + _ROUNDING)
        return np.asarray(beyond.any(1))

    @cached_property
    def colors(self) -> tuple[QColor, ...]:
        """A colour a concept, round the circle; neighbours in the list are far apart on it."""
        n = len(self.result.names)
        return tuple(QColor.fromHsvF((i * 7 % n) / n, 0.75, 0.72 if i % 2 else 0.9) for i in range(n))

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        em = QFontMetricsF(style.font).height()
        paint_border(painter, self._plot(rect, style), style)
        spots = self._spots(rect, style)
        for number, (x, y) in enumerate(spots.tolist()):
            self._paint_mark(painter, number, QPointF(x, y), _MARK * em, style)
        self._paint_names(painter, spots, rect, style)
        self._paint_key(painter, rect, style)
        painter.restore()

    def _paint_mark(self, painter: QPainter, number: int, at: QPointF, half: float, style: FigureStyle) -> None:
        color = self.colors[int(self.result.concepts[number])]
        is_far = bool(self.is_far[number])
        painter.setPen(QPen(color, 2) if is_far else QPen(style.theme.paper, 0.8))
        painter.setBrush(Qt.BrushStyle.NoBrush if is_far else color)
        _paint_shape(painter, _SHAPES[KINDS[self.result.kinds[number]]], at, half)

    def _paint_names(self, painter: QPainter, spots: np.ndarray, rect: QRectF, style: FigureStyle) -> None:
        """Each concept below the median of its words and tags; one that would lie over another is moved aside."""
        metrics, taken = QFontMetricsF(style.font), list[QRectF]()
        plot, is_text = self._plot(rect, style), is_of(self.result.kinds, *OF_TEXT)
        for concept, name in enumerate(self.result.names):
            is_own = self.result.concepts == concept
            own = spots[is_own & is_text] if (is_own & is_text).any() else spots[is_own]
            if not len(own):
                continue
            x, y = np.median(own, 0).tolist()
            width = metrics.horizontalAdvance(name) + 0.4 * metrics.height()
            left = min(max(x - width / 2, plot.left()), plot.right() - width)
            box = QRectF(left, y + 0.4 * metrics.height(), width, metrics.height())
            box = free_place(box, taken, plot)
            taken.append(box)
            ground = QColor(style.theme.paper)
            ground.setAlphaF(_GROUND)
            painter.fillRect(box, ground)  # letters over marks are hard to read
            painter.setPen(style.theme.ink)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)

    def _paint_key(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        metrics = QFontMetricsF(style.font)
        em, left = metrics.height(), rect.left() + 0.5 * metrics.height()
        middle = rect.bottom() - 0.8 * em
        names = {"word": _tr("words"), "tag": _tr("tags"), "region": _tr("regions"), "patch": _tr("patches")}
        for kind, name in names.items():
            if not (self.result.kinds == KINDS.index(kind)).any():
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.theme.ink)
            _paint_shape(painter, _SHAPES[kind], QPointF(left + 0.4 * em, middle), _MARK * em)
            painter.setPen(style.theme.ink)
            box = QRectF(left + em, middle - em / 2, metrics.horizontalAdvance(name) + 2, em)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, name)
            left = box.right() + 1.4 * em
        is_pca = self.result.projection == "pca"
        text = _tr("t-SNE of {} numbers: near points are alike, distances mean little").format(self.result.d_model)
        if is_pca:
            share = 100 * float(self.result.explained.sum())
            text = _tr("Principal plane of {} numbers: {:.0f} % of the variance").format(self.result.d_model, share)
        if n_far := int(self.is_far.sum()):
            text += _tr("; far points are hollow, at the edge: {}").format(n_far)
        paint_title(painter, text, QRectF(left, middle - em / 2, rect.right() - left, em), style, is_faint=True)

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> ConceptPoint | None:
        """The nearest point, if there is one close by."""
        apart = np.hypot(*(self._spots(rect, style) - (point.x(), point.y())).T)
        nearest = int(apart.argmin())
        return ConceptPoint(nearest) if apart[nearest] <= _REACH * QFontMetricsF(style.font).height() else None

    def has_spot(self, spot: object, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a point."""
        return isinstance(spot, ConceptPoint) and spot.number < len(self.result.kinds)

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: ConceptPoint) -> None:
        """A ring round it, and round all of its concept a thin one."""
        em = QFontMetricsF(style.font).height()
        spots = self._spots(rect, style)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for number in np.flatnonzero(self.result.concepts == self.result.concepts[spot.number]).tolist():
            painter.setPen(QPen(style.theme.ink, 2.4 if number == spot.number else 1))
            painter.drawEllipse(QPointF(*spots[number].tolist()), 0.55 * em, 0.55 * em)
        painter.restore()

    def step(
        self, spot: ConceptPoint | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> ConceptPoint | None:
        """The next point of the list."""
        if spot is None:
            return ConceptPoint(0)
        return ConceptPoint(min(max(spot.number + right + down, 0), len(self.result.kinds) - 1))

    def describe(self, spot: ConceptPoint) -> str:
        """What a point is."""
        kind = KINDS[self.result.kinds[spot.number]]
        name = self.result.names[int(self.result.concepts[spot.number])]
        texts = {
            "word": _tr("A word: {}"),
            "tag": _tr("A tag: {}"),
            "region": _tr("A region that shows: {}"),
            "patch": _tr("A patch that shows: {}"),
        }
        return texts[kind].format(name)

    def numbers(self) -> Numbers:
        result = self.result
        rows: list[tuple[str | int | float, ...]] = [
            (KINDS[kind], result.names[int(concept)], float(x), float(y))
            for kind, concept, (x, y) in zip(result.kinds, result.concepts, result.places, strict=True)
        ]
        arrays = {
            "places": result.places,
            "kinds": np.array([KINDS[kind] for kind in result.kinds]),
            "concepts": np.array([result.names[int(concept)] for concept in result.concepts]),
            "silhouette": np.array(result.silhouette),
            "silhouette_of_kinds": np.array(result.silhouette_of_kinds),
            "distances": result.distances,
            "distances_axes": np.array(["own concept, other concepts"]),
            "explained": result.explained,
        }
        return Numbers(arrays, ("kind", "concept", "x", "y"), rows)


def free_place(box: QRectF, taken: list[QRectF], area: QRectF) -> QRectF:
    """The box moved to the nearest place of `area` that is not taken, in steps of half its size; as it is for none."""
    box = QRectF(box)
    box.moveLeft(min(max(box.left(), area.left()), area.right() - box.width()))
    box.moveTop(min(max(box.top(), area.top()), area.bottom() - box.height()))
    reach = range(-_MOVES, _MOVES + 1)
    ways = ((i * box.width() / 2, j * box.height() / 2) for i in reach for j in reach)
    for right, down in sorted(ways, key=lambda way: way[0] ** 2 + way[1] ** 2):
        moved = box.translated(right, down)
        if area.contains(moved) and not any(moved.intersects(other) for other in taken):
            return moved
    return box


def _paint_shape(painter: QPainter, n_corners: int, at: QPointF, half: float) -> None:
    if not n_corners:
        painter.drawEllipse(at, half, half)
    elif n_corners == 3:
        corners = (QPointF(0, -1.15), QPointF(1.05, 0.8), QPointF(-1.05, 0.8))
        painter.drawPolygon(QPolygonF([at + corner * half for corner in corners]))
    else:
        painter.drawRect(QRectF(at.x() - 0.9 * half, at.y() - 0.9 * half, 1.8 * half, 1.8 * half))
