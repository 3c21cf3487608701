"""The results that the Vision Transformer was published with, as a card to look things up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from widgets.figures.lettering import resized
from widgets.kit.figure import Numbers
from widgets.look.theme import FigureStyle

MODELS = (
    ("ViT-H/14", "JFT"),
    ("ViT-L/16", "JFT"),
    ("ViT-L/16", "ImageNet-21k"),
    ("BiT-L", "ResNet152x4"),
    ("Noisy Student", "EfficientNet-L2"),
)
# Dosovitskiy et al. 2021, table 2: means of three runs of fine-tuning, in per cent, with the digits given there.
RESULTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ImageNet", ("88.55", "87.76", "85.30", "87.54", "88.4")),
    ("ImageNet ReaL", ("90.72", "90.54", "88.62", "90.54", "90.55")),
    ("CIFAR-10", ("99.50", "99.42", "99.15", "99.37", "")),
    ("CIFAR-100", ("94.55", "93.90", "93.25", "93.51", "")),
    ("Oxford-IIIT Pets", ("97.56", "97.32", "94.67", "96.62", "")),
    ("Oxford Flowers-102", ("99.68", "99.74", "99.61", "99.63", "")),
    ("VTAB (19 tasks)", ("77.63", "76.28", "72.72", "76.29", "")),
)
CORE_DAYS = ("2.5", "0.68", "0.23", "9.9", "12.3")
_WIDTHS = (12.0, *(8.6,) * len(MODELS))  # em
_ROW, _HEAD, _FOOT = 1.7, 3.6, 4.6  # em


def _tr(text: str) -> str:
    return QCoreApplication.translate("VitResultsFigure", text)


@dataclass(frozen=True)
class VitResultsFigure:
    """Accuracy on seven data sets, and what the training cost. Nothing of it is measured here."""

    @property
    def caption(self) -> str:
        return _tr("Accuracy of the Vision Transformer as its paper gives it (Dosovitskiy et al. 2021, table 2)")

    def natural_size(self, style: FigureStyle) -> QSizeF:
        em = QFontMetricsF(style.font).height()
        return QSizeF((sum(_WIDTHS) + 1) * em, (_HEAD + _FOOT + _ROW * (len(RESULTS) + 1)) * em)

    def paint(self, painter: QPainter, rect: QRectF, style: FigureStyle) -> None:
        painter.save()
        em = min(QFontMetricsF(style.font).height(), rect.width() / (sum(_WIDTHS) + 1))
        font = resized(style.font, em / QFontMetricsF(style.font).height())
        bold = resized(font, bold=True)
        left, top = rect.left() + 0.5 * em, rect.top()
        for column, (name, data) in enumerate(MODELS):
            box = self._box(column + 1, left, top, _HEAD * em, em)
            painter.setFont(bold)
            painter.setPen(style.theme.ink)
            painter.drawText(box.adjusted(0, 0, 0, -1.5 * em), _RIGHT, name)
            painter.setFont(font)
            painter.setPen(style.theme.faint)
            painter.drawText(box.adjusted(0, 1.3 * em, 0, -0.3 * em), _RIGHT, data)
        lines = [*RESULTS, (_tr("TPUv3-core-days"), CORE_DAYS)]
        for row, (name, values) in enumerate(lines):
            y = top + (_HEAD + row * _ROW) * em
            is_cost = row == len(RESULTS)
            painter.setPen(QPen(style.theme.ink if row in (0, len(RESULTS)) else style.theme.line, 1))
            painter.drawLine(QLineF(left, y, left + sum(_WIDTHS) * em, y))
            painter.setFont(font)
            painter.setPen(style.theme.ink)
            painter.drawText(self._box(0, left, y, _ROW * em, em), _LEFT, name)
            known = [value for value in values if value]
            best = min(known, key=float) if is_cost else max(known, key=float)
            for column, value in enumerate(values):
                painter.setFont(bold if value == best else font)
                painter.drawText(
                    self._box(column + 1, left, y, _ROW * em, em), _RIGHT, f"{value}k" if is_cost else value or "–"
                )
        y = top + (_HEAD + _ROW * len(lines)) * em
        painter.setPen(QPen(style.theme.ink, 1))
        painter.drawLine(QLineF(left, y, left + sum(_WIDTHS) * em, y))
        painter.setFont(font)
        painter.setPen(style.theme.faint)
        foot = QRectF(left, y + 0.4 * em, sum(_WIDTHS) * em, (_FOOT - 0.4) * em)
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap, self.source)
        painter.restore()

    @property
    def source(self) -> str:
        """Where the numbers are from, and what they are."""
        return _tr(
            "The paper's numbers, not measured here: Dosovitskiy et al., “An Image is Worth 16x16 Words”, ICLR 2021, "
            "table 2. Accuracy in per cent, mean of three runs of fine-tuning; the best of a row in bold. JFT and "
            "ImageNet-21k: what the model was first trained on; BiT-L and Noisy Student are convolutional networks. "
            "Noisy Student reaches 88.5 on ImageNet as improved by Touvron et al. 2020."
        )

    def numbers(self) -> Numbers:
        names = tuple(f"{name} ({data})" for name, data in MODELS)
        table = [[float(value or "nan") for value in values] for _, values in RESULTS]
        arrays = {
            "accuracy": np.array(table, np.float32),
            "datasets": np.array([name for name, _ in RESULTS], np.str_),
            "models": np.array(names, np.str_),
            "thousand_core_days": np.array([float(days) for days in CORE_DAYS], np.float32),
        }
        rows: list[tuple[str | int | float, ...]] = [(name, *values) for name, values in RESULTS]
        rows.append(("thousand TPUv3-core-days", *CORE_DAYS))
        return Numbers(arrays, ("data set", *names), rows)

    @staticmethod
    def _box(column: int, left: float, top: float, height: float, em: float) -> QRectF:
        return QRectF(left + sum(_WIDTHS[:column]) * em, top, _WIDTHS[column] * em, height)


_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
