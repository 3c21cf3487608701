"""A figure on paper: seen before it is printed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QSizeF, Slot
from PySide6.QtGui import QPageLayout, QPdfWriter
from PySide6.QtPrintSupport import QPageSetupDialog, QPrintDialog, QPrinter, QPrintPreviewWidget
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.export.export import told_as_export_errors
from app.export.page.sheet import Sheet
from app.export.render import dpi_of_fonts, paint_fitted
from app.export.saving import ExportError, free_place, replace_file
from widgets.kit.plain import resize_on_screen

LARGEST = 1.5  # times as large as a figure is by itself: no more on a large sheet of paper


class PrintPreview(QDialog):
    """Shows the page with the figure; turns it, chooses the paper, and prints it or saves it as PDF.

    Attributes
    ----------
    told
        What was done, in a sentence; empty as long as nothing was.
    why_not
        Why it could not be done, in a sentence.
    file
        What a PDF is called that is saved; where the last one was.
    """

    def __init__(self, sheet: Sheet, folder: Path, stem: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("print_preview")
        self.setWindowTitle(self.tr("Print"))
        self._sheet = sheet
        self.told = self.why_not = ""
        self.file = free_place(folder, stem, ".pdf")
        self._printer = QPrinter()
        self._printer.setDocName(stem)
        self._printer.setCreator("Headlight")
        # Text is as wide there as it was measured.
        self._printer.setResolution(dpi_of_fonts())
        is_wide = sheet.size().width() > sheet.size().height()
        kinds = QPageLayout.Orientation
        self._printer.setPageOrientation(kinds.Landscape if is_wide else kinds.Portrait)
        self._page = QPrintPreviewWidget(self._printer, self)
        self._page.setAccessibleName(self.tr("The page"))
        self._page.paintRequested.connect(self._on_page_paint_requested)
        row = QHBoxLayout()
        for name, text, slot in (
            ("turn", self.tr("&Turn the page"), self._on_turn_clicked),
            ("setup", self.tr("Page &setup…"), self._on_setup_clicked),
            ("", "", None),
            ("pdf", self.tr("Save as P&DF…"), self._on_pdf_clicked),
            ("print", self.tr("&Print…"), self._on_print_clicked),
            ("close", self.tr("Close"), self.reject),
        ):
            if slot is None:
                row.addStretch(1)
                continue
            button = QPushButton(text, self)
            button.setObjectName(f"print_{name}")
            button.clicked.connect(slot)
            button.setDefault(name == "print")
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(self._page, 1)
        layout.addLayout(row)
        em = self.fontMetrics().height()
        resize_on_screen(self, 48 * em, 40 * em)

    @Slot(QPrinter)
    def _on_page_paint_requested(self, printer: QPrinter) -> None:
        paint_page(self._sheet, printer)

    @Slot()
    def _on_turn_clicked(self) -> None:
        kinds = QPageLayout.Orientation
        is_wide = self._page.orientation() is kinds.Landscape
        self._page.setOrientation(kinds.Portrait if is_wide else kinds.Landscape)

    @Slot()
    def _on_setup_clicked(self) -> None:
        if QPageSetupDialog(self._printer, self).exec():
            self._page.updatePreview()

    @Slot()
    def _on_print_clicked(self) -> None:
        if QPrintDialog(self._printer, self).exec():
            self._page.print_()
            file = self._printer.outputFileName()
            saved, sent = self.tr("Saved {}").format(file), self.tr("The picture was sent to the printer.")
            self.told = saved if file else sent
            self.accept()

    @Slot()
    def _on_pdf_clicked(self) -> None:
        title, filters = self.tr("Save as PDF"), self.tr("PDF (*.pdf)")
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(self.file), filters)
        if not chosen:
            return
        place = Path(chosen)
        self.file = place if place.suffix else place.with_suffix(".pdf")
        try:
            with told_as_export_errors(self.file):
                replace_file(self.file, page_pdf(self._sheet, self._printer.pageLayout()))
        except ExportError as error:
            self.why_not = str(error)
        else:
            self.told = self.tr("Saved {}").format(self.file)
        self.accept()


def paint_page(sheet: Sheet, device: QPrinter | QPdfWriter) -> None:
    """Put a figure onto the page of a printer or a file, within its margins."""
    device.setResolution(dpi_of_fonts())
    room = QSizeF(device.pageLayout().paintRectPixels(device.resolution()).size())
    paint_fitted(sheet, device, room, LARGEST * device.resolution() / 72)


def page_pdf(sheet: Sheet, layout: QPageLayout) -> bytes:
    """The page as a file: Qt's printer says that it has written one also where the disk is full."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageLayout(layout)
    writer.setTitle(sheet.title)
    writer.setCreator("Headlight")
    paint_page(sheet, writer)
    return bytes(buffer.data().data())
