"""Where a mesh is saved, as what, and how an image or a film of it looks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from app.export.mesh_formats import FORMATS, ending_of
from app.export.mesh_look import MeshLook

SIZES = ((640, 480), (800, 600), (1280, 720), (1920, 1080), (1080, 1080))
SPEEDS = (0.1, 20.0)


class MeshDialog(QDialog):
    """Format, file; for images and films size, theme and colours; for films the speed."""

    def __init__(self, name: str, folder: Path, *, theme: str = "light", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mesh_dialog")
        self.setWindowTitle(self.tr("Save the mesh"))
        self._format = self._choice("mesh_format", [(one.about, kind) for kind, one in FORMATS.items()])
        self._file = QLineEdit(str(folder / f"{name}.obj"), self)
        self._file.setObjectName("mesh_file")
        self._file.setAccessibleName(self.tr("File"))
        self._file.setMinimumWidth(self.fontMetrics().averageCharWidth() * 56)
        browse = QPushButton(self.tr("&Browse…"), self)
        browse.setObjectName("mesh_browse")
        self._size = self._choice("mesh_size", [(f"{width} × {height}", (width, height)) for width, height in SIZES])
        self._size.setCurrentIndex(1)
        self._theme = self._choice("mesh_theme", [(self.tr("Light"), "light"), (self.tr("Dark"), "dark")])
        self._theme.setCurrentIndex(self._theme.findData(theme))
        colors = (("Plain", "plain"), ("Surprisal", "bits"), ("Order", "order"), ("Part", "part"))
        self._colors = self._choice("mesh_colors", [(self.tr(text), by) for text, by in colors])
        self._speed = QDoubleSpinBox(self)
        self._speed.setObjectName("mesh_speed")
        self._speed.setRange(*SPEEDS)
        self._speed.setSingleStep(0.5)
        self._speed.setValue(1.0)
        self._speed.setSuffix(" ×")
        row = QHBoxLayout()
        row.addWidget(self._file, 1)
        row.addWidget(browse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        layout = QFormLayout(self)
        layout.addRow(self.tr("&Format"), self._format)
        file_label = QLabel(self.tr("F&ile"), self)
        file_label.setBuddy(self._file)
        layout.addRow(file_label, row)
        layout.addRow(self.tr("Si&ze"), self._size)
        layout.addRow(self.tr("&Theme"), self._theme)
        layout.addRow(self.tr("&Colours"), self._colors)
        layout.addRow(self.tr("S&peed"), self._speed)
        layout.addRow(buttons)
        self._format.currentIndexChanged.connect(self._on_format_changed)
        self._file.textEdited.connect(self._on_file_edited)
        browse.clicked.connect(self._on_browse_clicked)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._offer_what_fits()
        self._file.setFocus()

    def _choice(self, name: str, choices: list[tuple[str, object]]) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        for text, data in choices:
            box.addItem(text, data)
        return box

    def kind(self) -> str:
        """Of `FORMATS`."""
        return self._format.currentData()

    def path(self) -> Path:
        """The file, with the format's ending if it was typed without one."""
        path = Path(self._file.text()).expanduser()
        return path if path.suffix or self.kind() == "frames" else path.with_suffix(ending_of(self.kind()))

    def look(self) -> MeshLook:
        """How an image or a film looks."""
        return MeshLook(
            self._size.currentData(),
            self._theme.currentData(),
            self._colors.currentData(),
            speed=round(self._speed.value(), 2),
        )

    def _offer_what_fits(self) -> None:
        holds = FORMATS[self.kind()].holds
        for control in (self._size, self._theme, self._colors):
            control.setEnabled(holds in ("image", "film"))
        self._speed.setEnabled(holds == "film")

    @Slot(int)
    def _on_format_changed(self, _index: int) -> None:
        self._file.setText(str(Path(self._file.text()).with_suffix(ending_of(self.kind()))))
        self._offer_what_fits()

    @Slot(str)
    def _on_file_edited(self, text: str) -> None:
        index = self._format.findData(Path(text).suffix.removeprefix(".").lower())
        if index >= 0:
            self._format.blockSignals(True)
            self._format.setCurrentIndex(index)
            self._format.blockSignals(False)
            self._offer_what_fits()

    @Slot()
    def _on_browse_clicked(self) -> None:
        title, start = self.tr("Save the mesh"), self._file.text()
        filters = {f"{one.about} (*{ending_of(kind)})": kind for kind, one in FORMATS.items() if kind != "frames"}
        now = next((text for text, kind in filters.items() if kind == self.kind()), "")
        chosen, _ = QFileDialog.getSaveFileName(self, title, start, ";;".join(filters), now)
        if chosen:
            self._file.setText(chosen)
            self._on_file_edited(chosen)
