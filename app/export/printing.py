"""A figure on paper: seen before it is printed."""

from __future__ import annotations

from PySide6.QtCore import QSizeF, Slot
from PySide6.QtGui import QPageLayout
from PySide6.QtPrintSupport import QPrinter, QPrintPreviewDialog
from PySide6.QtWidgets import QWidget

from app.export.page.sheet import Sheet
from app.export.render import dpi_of_fonts, paint_fitted
from widgets.kit.plain import resize_on_screen

LARGEST = 1.5  # times as large as a figure is by itself: no more on a large sheet of paper


class PrintPreview(QPrintPreviewDialog):
    """Shows the page with the figure; its toolbar turns the page, chooses the paper, and prints or saves a PDF.

    Attributes
    ----------
    is_printed
        Whether it was sent to a printer, or into a file.
    """

    def __init__(self, sheet: Sheet, parent: QWidget) -> None:
        self._printer = QPrinter()
        self._printer.setDocName(sheet.title)
        self._printer.setCreator("Headlight")
        # Text is as wide there as it was measured.
        self._printer.setResolution(dpi_of_fonts())
        is_wide = sheet.size().width() > sheet.size().height()
        kinds = QPageLayout.Orientation
        self._printer.setPageOrientation(kinds.Landscape if is_wide else kinds.Portrait)
        super().__init__(self._printer, parent)
        self.setObjectName("print_preview")
        self.setWindowTitle(self.tr("Print"))
        self._sheet = sheet
        self.is_printed = False
        self.paintRequested.connect(self._on_paint_requested)
        self.accepted.connect(self._on_accepted)
        em = self.fontMetrics().height()
        resize_on_screen(self, 48 * em, 40 * em)

    @Slot(QPrinter)
    def _on_paint_requested(self, printer: QPrinter) -> None:
        paint_page(self._sheet, printer)

    @Slot()
    def _on_accepted(self) -> None:
        self.is_printed = True


def paint_page(sheet: Sheet, printer: QPrinter) -> None:
    """Put a figure onto the page of a printer, within its margins."""
    printer.setResolution(dpi_of_fonts())
    room = QSizeF(printer.pageLayout().paintRectPixels(printer.resolution()).size())
    paint_fitted(sheet, printer, room, LARGEST * printer.resolution() / 72)
