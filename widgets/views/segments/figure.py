"""Labels at pixels: the map with its legend, a map for each label, entropy, what a new label took."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from inference.results.segments import SegmentsResult
from widgets.figures.counts import number_of
from widgets.figures.heat_panel import fixed
from widgets.figures.image_geometry import letterbox, patch_at, patch_rect, tiles
from widgets.figures.image_parts import Look, paint_border, paint_frame, paint_image, paint_overlay, paint_pixels
from widgets.figures.image_parts import paint_title as paint_line
from widgets.figures.lettering import resized
from widgets.kit.clean import clean, isolated
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle
from widgets.views.segments.label_colors import label_color, outlines, overlay_colors
from widgets.views.segments.options import SegmentsOptions

_ROW, _HIGHEST_ROW = 1.45, 2.6  # em, of the legend: more where there is height to spare
_NAME, _MOST_NAME = 0.62, 15.0  # of a label, of the legend's width, and em: the most
_SWATCH = 1.45  # em, of its colour before it
_NUMBER = 5.0  # em, at its end; between them is the bar
_MOST_NAMED = 3
_POINT = QColor("#FF2D95")


def _percent(share: float) -> str:
    """A share of the pixels; few are not said to be none."""
    return "< 0.1 %" if 0 < share < 0.0005 else f"{100 * share:.1f} %"


def _tr(text: str) -> str:
    return QCoreApplication.translate("SegmentsFigure", text)


class LabelledPixel(NamedTuple):
    """A pixel of one of the images; `label` where that image is about one label."""

    row: int
    column: int
    label: int | None = None


class _Panel(NamedTuple):
    """An image of the figure, and what is laid over it: `before`, `map`, `entropy`, or `label` with its number."""

    title: str
    kind: str
    label: int | None = None


@dataclass(frozen=True)
class SegmentsFigure:
    """Images side by side, and the labels with their colours.

    Attributes
    ----------
    before
        The answer without the last labels; None where there is none.
    pixel
        Row and column of the pixel whose scores stand in the legend.
    """

    result: SegmentsResult
    options: SegmentsOptions
    before: SegmentsResult | None = None
    pixel: tuple[int, int] | None = None

    @property
    def caption(self) -> str:
        """What is shown, and what the numbers are."""
        n, score = len(self.result.labels), self.score_name
        match self.options.show:
            case "labels":
                low, high = self.limits
                if low >= high:
                    return _tr("Colours from {:g} to {:g}: choose a first number that is less.").format(low, high)
                name = _tr("shares") if self.is_share else score
                how = _tr("{} from {} (dark) to {} (bright)").format(name, fixed(low, ".3f"), fixed(high, ".3f"))
                return _tr("Every label by itself: {}").format(how)
            case "entropy":
                of = _tr("of the softmax over {}") if self.result.is_exclusive else _tr("of yes or no")
                return _tr("How undecided pixels are: entropy {}, at most {:.2f} bits").format(
                    of.format(number_of(n, "labels")), self._most_bits
                )
            case "change" if self.before is None:
                return _tr("Add a label to see which pixels it takes.")
            case "change":
                return self.taken
        if n == 1:
            return _tr("With one label alone, every pixel is nearest to it")
        of = _tr("cosine") if self.result.is_cosine else _tr("logit")
        return _tr("Every pixel has the colour of the one of {} labels that it is nearest to, by {}").format(n, of)

    @property
    def score_name(self) -> str:
        """What the scores are."""
        return _tr("cosines") if self.result.is_cosine else _tr("logits")

    @property
    def is_share(self) -> bool:
        return self.options.scores == "share"

    @cached_property
    def shares(self) -> np.ndarray:
        """float32 [label, row, column]: softmax over the labels, or the sigmoid of each."""
        logits = self.result.scores / self.result.temperature
        if not self.result.is_exclusive:
            return (1 / (1 + np.exp(-logits))).astype(np.float32)
        powers = np.exp(logits - logits.max(0))
        return (powers / powers.sum(0)).astype(np.float32)

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Numbers that have the first and the last colour where single labels are shown: one scale for all of them."""
        scores, options = self.result.scores, self.options
        low, high = (0.0, 1.0) if self.is_share else (float(scores.min()), float(scores.max()))
        return low if options.low is None else options.low, high if options.high is None else options.high

    @cached_property
    def covered(self) -> np.ndarray:
        """float64 [label]: the share of the pixels that each label has."""
        counts = np.bincount(self.result.winners.ravel(), minlength=len(self.result.labels))
        return counts / self.result.winners.size

    @cached_property
    def added(self) -> tuple[int, ...]:
        """Labels that were not there before."""
        known = self.before.labels if self.before else self.result.labels
        return tuple(i for i, label in enumerate(self.result.labels) if label not in known)

    @cached_property
    def is_taken(self) -> np.ndarray:
        """bool [row, column]: pixels that the added labels have now."""
        return np.isin(self.result.winners, self.added)

    @cached_property
    def taken(self) -> str:
        """What the added labels took from which others, in a sentence."""
        assert self.before is not None
        lost = np.bincount(self.before.winners[self.is_taken].ravel(), minlength=len(self.before.labels))
        order = [int(i) for i in np.argsort(-lost, kind="stable") if lost[i]][:_MOST_NAMED]
        size = self.result.winners.size
        parts = [
            _tr("{} from {}").format(_percent(int(lost[i]) / size), isolated(self.before.labels[i])) for i in order
        ]
        names = ", ".join(isolated(self.result.labels[i]) for i in self.added)
        total = _percent(float(self.is_taken.mean()))
        return _tr("{} takes {} of the pixels").format(names, total) + (f": {', '.join(parts)}" if parts else "")

    @property
    def _most_bits(self) -> float:
        return float(np.log2(max(len(self.result.labels), 2))) if self.result.is_exclusive else 1.0

    @cached_property
    def panels(self) -> tuple[_Panel, ...]:
        """The images of the figure."""
        labels = self.result.labels
        if self.options.show == "labels":
            return tuple(_Panel(clean(label), "label", i) for i, label in enumerate(labels))
        if self.options.show == "entropy":
            return (_Panel("", "entropy"),)
        if self.options.show == "change" and self.before is not None:
            return (
                _Panel(_tr("Before: {}").format(number_of(len(self.before.labels), "labels")), "before"),
                _Panel(_tr("After: {}").format(number_of(len(labels), "labels")), "map"),
            )
        return (_Panel("", "map"),)

    def least_width(self, style: FigureStyle) -> float:
        """Images beside the labels with their shares."""
        return (min(len(self.panels), 4) * 13 + 28) * QFontMetricsF(style.font).height()

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        n = len(self.panels)
        side = 24 if n == 1 else 12
        columns = min(n, 4)
        rows, width = self.result.seen.shape[:2]
        height = side * rows / width + 1.6
        legend = _ROW * min(len(self.result.labels), 24) + 2
        return QSizeF((columns * (side + 1) + 20) * em, max(-(-n // columns) * height + 1, legend) * em)

    # Painting

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        painter.setFont(style.font)
        em = QFontMetricsF(style.font).height()
        for panel, box in zip(self.panels, self.boxes(rect, style), strict=True):
            if panel.title:
                line = QRectF(box.left(), box.top() - 1.4 * em, box.width(), 1.3 * em)
                paint_line(painter, panel.title, line, style)
            paint_image(painter, self.result.seen, box)
            self._paint_over(painter, panel, box, style)
            paint_border(painter, box, style)
            if self.pixel is not None:
                paint_frame(painter, self._pixel_box(self.pixel, box), _POINT)
        self._paint_legend(painter, self._legend(rect, style), style)
        painter.restore()

    def _paint_over(self, painter: QPainter, panel: _Panel, box: QRectF, style: FigureStyle) -> None:
        result, look = self.result, Look(self.options.opacity, has_grid=False)
        if panel.kind == "entropy":
            paint_overlay(painter, result.entropy, self._most_bits, box, look, style)
        elif panel.label is not None:
            low, high = self.limits
            if low >= high:  # the caption asks for others
                return
            values = (self.shares if self.is_share else result.scores)[panel.label]
            paint_overlay(painter, values - low, high - low, box, look, style)
        else:
            winners = self._winners(panel)
            colors = overlay_colors(len(result.labels), self.options.opacity)
            paint_pixels(painter, colors[winners], box)
        if self.options.outlines:
            self._paint_outlines(painter, panel, box, style)

    def _winners(self, panel: _Panel) -> np.ndarray:
        """Numbers of labels, in the order of this answer."""
        if panel.kind != "before" or self.before is None:
            return self.result.winners
        place = np.array([self.result.labels.index(label) for label in self.before.labels])
        return place[self.before.winners]

    def _paint_outlines(self, painter: QPainter, panel: _Panel, box: QRectF, style: FigureStyle) -> None:
        is_change = self.options.show == "change" and self.before is not None
        regions = self.is_taken.astype(np.int8) if is_change else self._winners(panel)
        rows, columns = regions.shape
        x, y = box.width() / columns, box.height() / rows
        lines = [
            QLineF(box.left() + x0 * x, box.top() + y0 * y, box.left() + x1 * x, box.top() + y1 * y)
            for x0, y0, x1, y1 in outlines(regions).tolist()
        ]
        for ink, width in (("#FFFFFF", 2.4), ("#000000", 1.0)):
            pen = QPen(QColor(ink), width)
            pen.setCapStyle(Qt.PenCapStyle.SquareCap)
            painter.setPen(pen)
            painter.drawLines(lines)

    def _paint_legend(self, painter: QPainter, area: QRectF, style: FigureStyle) -> None:
        """Labels with their colours and shares of the pixels; of a chosen pixel its scores."""
        em = QFontMetricsF(style.font).height()
        values = self.covered if self.pixel is None else self.result.scores[:, self.pixel[0], self.pixel[1]]
        title = _tr("Share of the pixels")
        if self.pixel is not None:
            title = _tr("Row {}, column {}: {}").format(*self.pixel, self.score_name)
        painter.setFont(resized(style.font, bold=True))
        paint_line(painter, title, QRectF(area.left(), area.top(), area.width(), 1.5 * em), style)
        painter.setFont(style.font)
        n_fit = max(1, int((area.height() / em - 1.7) / _ROW))
        order = np.argsort(-values, kind="stable").tolist()
        shown = order if len(order) <= n_fit else order[: n_fit - 1]
        low, high = min(0.0, float(values.min())), max(float(values.max()), 1e-6)
        row = min(max(_ROW, (area.height() / em - 1.7) / len(order)), _HIGHEST_ROW)
        for line, label in enumerate(shown):
            top = area.top() + (1.7 + line * row + (row - _ROW) / 2) * em
            self._paint_label(painter, label, QRectF(area.left(), top, area.width(), _ROW * em), style)
            start = self._name_width(area.width(), style)
            track = QRectF(area.left() + start, top + 0.3 * em, area.width() - start - _NUMBER * em, 0.85 * em)
            zero, end = (track.left() + track.width() * (v - low) / (high - low) for v in (0.0, float(values[label])))
            bar = QRectF(min(zero, end), track.top(), max(1.0, abs(end - zero)), track.height())
            painter.fillRect(bar, label_color(label))
            number = _percent(float(values[label])) if self.pixel is None else fixed(float(values[label]), ".3f")
            painter.setPen(style.theme.ink)
            text = QRectF(track.right(), top, area.right() - track.right(), _ROW * em)
            painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        if len(shown) < len(order):
            last = QRectF(area.left(), area.top() + (1.7 + len(shown) * _ROW) * em, area.width(), _ROW * em)
            more = _tr("and {} more").format(len(order) - len(shown))
            paint_line(painter, more, last, style, is_faint=True)

    def _name_width(self, width: float, style: FigureStyle) -> float:
        """Of the longest label with its colour, as long as bars have room beside it."""
        metrics = QFontMetricsF(resized(style.font, bold=True))  # as a new label is written
        em = QFontMetricsF(style.font).height()
        longest = max(metrics.horizontalAdvance(clean(label)) for label in self.result.labels) + (_SWATCH + 1) * em
        return min(longest, _NAME * width, _MOST_NAME * em, width - (_NUMBER + 2) * em)

    def _paint_label(self, painter: QPainter, label: int, box: QRectF, style: FigureStyle) -> None:
        em = QFontMetricsF(style.font).height()
        swatch = QRectF(box.left(), box.top() + 0.25 * em, 0.95 * em, 0.95 * em)
        painter.fillRect(swatch, label_color(label))
        painter.setPen(QPen(style.theme.line, 1))
        painter.drawRect(swatch)
        is_new = self.options.show == "change" and label in self.added
        painter.setFont(resized(style.font, bold=is_new))
        width = self._name_width(box.width(), style) - (_SWATCH + 0.5) * em
        name = QRectF(box.left() + _SWATCH * em, box.top(), width, box.height())
        paint_line(painter, clean(self.result.labels[label]), name, style)
        painter.setFont(style.font)

    # Pointing

    def spot_at(self, point: QPointF, rect: QRectF, style: FigureStyle) -> LabelledPixel | None:
        """The pixel under a point."""
        shape = self.result.winners.shape
        for panel, box in zip(self.panels, self.boxes(rect, style), strict=True):
            at = patch_at(point, (shape[0], shape[1]), box)
            if at is not None:
                return LabelledPixel(*divmod(at, shape[1]), panel.label)
        return None

    def has_spot(self, spot: LabelledPixel, rect: QRectF, style: FigureStyle) -> bool:
        """Whether there is such a pixel."""
        rows, columns = self.result.winners.shape
        is_there = isinstance(spot, LabelledPixel) and spot.row < rows and spot.column < columns
        return is_there and spot.label in [panel.label for panel in self.panels]

    def paint_spot(self, painter: QPainter, rect: QRectF, style: FigureStyle, spot: LabelledPixel) -> None:
        """Frame the pixel that is pointed at, in every image."""
        painter.save()
        for box in self.boxes(rect, style):
            paint_frame(painter, self._pixel_box(spot[:2], box), style.theme.accent)
        painter.restore()

    def step(
        self, spot: LabelledPixel | None, right: int, down: int, rect: QRectF, style: FigureStyle
    ) -> LabelledPixel | None:
        """The pixel beside."""
        rows, columns = self.result.winners.shape
        if spot is None:
            return LabelledPixel(rows // 2, columns // 2, self.panels[0].label)
        row, column = min(max(spot.row + down, 0), rows - 1), min(max(spot.column + right, 0), columns - 1)
        return LabelledPixel(row, column, spot.label)

    def describe(self, spot: LabelledPixel) -> str:
        """What a pixel shows: the nearest labels, or the one that its image is about."""
        values = self.result.scores[:, spot.row, spot.column]
        order = np.argsort(-values, kind="stable").tolist()
        chosen = order[:_MOST_NAMED] if spot.label is None else [spot.label]
        parts = [f"{isolated(self.result.labels[i])} {fixed(float(values[i]), '.4f')}" for i in chosen]
        text = _tr("Row {}, column {}: {} ({}); entropy {:.3f} bits")
        bits = self.result.entropy[spot.row, spot.column]
        return text.format(spot.row, spot.column, ", ".join(parts), self.score_name, bits)

    # Layout

    def boxes(self, rect: QRectF, style: FigureStyle) -> list[QRectF]:
        """Where the images are, on whole points."""
        em = QFontMetricsF(style.font).height()
        rows, columns = self.result.seen.shape[:2]
        area = QRectF(rect.left(), rect.top(), self._legend(rect, style).left() - 1.5 * em - rect.left(), rect.height())
        head = 1.6 * em if self.panels[0].title else 0.0
        return [
            letterbox(rows, columns, tile.adjusted(0, head, 0, 0))
            for tile in tiles(len(self.panels), columns / rows, area, head, 0.8 * em)
        ]

    def _legend(self, rect: QRectF, style: FigureStyle) -> QRectF:
        em = QFontMetricsF(style.font).height()
        width = min(26 * em, 0.4 * rect.width())
        if len(self.panels) == 1:  # what one image leaves
            rows, columns = self.result.seen.shape[:2]
            width = max(width, rect.width() - rect.height() * columns / rows - 1.5 * em)
        return QRectF(rect.right() - width, rect.top(), width, rect.height())

    def _pixel_box(self, pixel: tuple[int, int], box: QRectF) -> QRectF:
        rows, columns = self.result.winners.shape
        exact = patch_rect(pixel[0] * columns + pixel[1], (rows, columns), box)
        more = max(0.0, 5 - exact.width()) / 2
        return exact.adjusted(-more, -more, more, more)

    def numbers(self) -> Numbers:
        result = self.result
        arrays = {
            "labels": result.winners,
            "cosines" if result.is_cosine else "logits": result.scores,
            "names": np.array(result.labels, np.str_),
            "entropy": result.entropy,
            "similarity": result.similarity,
            "seen": result.seen,
        }
        rows: list[tuple[str | int | float, ...]] = [
            (label, float(share), float(scores.mean()), float(scores.max()))
            for label, share, scores in zip(result.labels, self.covered, result.scores, strict=True)
        ]
        name = "cosine" if result.is_cosine else "logit"
        return Numbers(arrays, ("label", "share_of_pixels", f"mean_{name}", f"highest_{name}"), rows)
