"""Where to export, and how."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QWidget,
)

FORMATS = {
    "svg": "SVG, vectors for slides and the web",
    "pdf": "PDF, vectors for papers",
    "png": "PNG, pixels",
    "csv": "CSV, the numbers as a table",
    "npz": "NPZ, the numbers for NumPy",
}
FILMS = {
    "gif": "GIF, its growth",
    "webp": "WebP, its growth, without loss",
    "mp4": "MP4, its growth as a video",
}


class ExportDialog(QDialog):
    """Format, file, and for pictures their size, background and caption line."""

    def __init__(self, name: str, folder: Path, *, has_caption: bool, has_film: bool = False, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle(self.tr("Export"))
        self._format = QComboBox(self)
        self._format.setObjectName("export_format")
        self._formats = {**FORMATS, **(FILMS if has_film else {})}
        for suffix, text in self._formats.items():
            self._format.addItem(text, suffix)
        self._file = QLineEdit(str(folder / f"{name}.svg"), self)
        self._file.setObjectName("export_file")
        self._file.setMinimumWidth(self.fontMetrics().averageCharWidth() * 56)
        browse = QPushButton(self.tr("&Browse…"), self)
        self._width = self._spin_box("export_width", 0, 20_000, self.tr("as it is"), self.tr(" px"))
        self._dpi = self._spin_box("export_dpi", 0, 1200, self.tr("192 dpi"), self.tr(" dpi"))
        self._transparent = QCheckBox(self.tr("&Transparent background"), self)
        self._caption = QCheckBox(self.tr("&Caption line: checkpoint, layer, head, input"), self)
        self._caption.setChecked(has_caption)
        row = QHBoxLayout()
        row.addWidget(self._file, 1)
        row.addWidget(browse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        layout = QFormLayout(self)
        layout.addRow(self.tr("&Format"), self._format)
        file_label = QLabel(self.tr("F&ile"), self)
        file_label.setBuddy(self._file)
        layout.addRow(file_label, row)
        layout.addRow(self.tr("&Width"), self._width)
        layout.addRow(self.tr("&Resolution"), self._dpi)
        layout.addRow("", self._transparent)
        layout.addRow("", self._caption)
        layout.addRow(buttons)
        self._file.setAccessibleName(self.tr("File"))
        self._format.currentIndexChanged.connect(self._on_format_changed)
        self._file.textChanged.connect(self._on_file_changed)
        browse.clicked.connect(self._on_browse_clicked)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._on_file_changed(self._file.text())
        self._file.setFocus()

    def _spin_box(self, name: str, low: int, high: int, at_low: str, suffix: str) -> QSpinBox:
        box = QSpinBox(self)
        box.setObjectName(name)
        box.setRange(low, high)
        box.setSpecialValueText(at_low)
        box.setSuffix(suffix)
        return box

    def path(self) -> Path:
        """The file, with the format's ending if it was typed without one."""
        path = Path(self._file.text()).expanduser()
        return path if path.suffix else path.with_suffix(f".{self._format.currentData()}")

    def width_wanted(self) -> int | None:
        return self._width.value() or None

    def dpi_wanted(self) -> int | None:
        return self._dpi.value() or None

    def is_transparent(self) -> bool:
        return self._transparent.isChecked()

    def has_caption(self) -> bool:
        return self._caption.isChecked()

    @Slot(int)
    def _on_format_changed(self, _index: int) -> None:
        self._file.setText(str(Path(self._file.text()).with_suffix(f".{self._format.currentData()}")))

    @Slot(str)
    def _on_file_changed(self, text: str) -> None:
        suffix = Path(text).suffix.removeprefix(".").lower()
        index = self._format.findData(suffix)
        if index >= 0:
            self._format.blockSignals(True)
            self._format.setCurrentIndex(index)
            self._format.blockSignals(False)
        is_image = suffix in ("svg", "pdf", "png")
        self._width.setEnabled(is_image or suffix in FILMS)
        self._dpi.setEnabled(suffix == "png")
        self._transparent.setEnabled(is_image)
        self._caption.setEnabled(is_image)

    @Slot()
    def _on_browse_clicked(self) -> None:
        filters = ";;".join(f"{text} (*.{suffix})" for suffix, text in self._formats.items())
        chosen, _ = QFileDialog.getSaveFileName(self, self.tr("Export"), self._file.text(), filters)
        if chosen:
            self._file.setText(chosen)
