"""Where to export, as what, and how."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.export.dialog.exported import Exported
from app.export.dialog.page_controls import PageControls
from app.export.dialog.preview import Preview, told_numbers, told_size
from app.export.formats import FORMATS, ending_of
from app.export.page.lengths import POINTS_AN_INCH
from app.export.page.look import ExportLook
from app.export.page.sheet import Sheet
from app.export.render import PNG_DPI
from app.export.saving import free_place
from widgets.kit.number_box import DecimalBox, NumberBox
from widgets.kit.plain import PlainLabel, ask_plain, resize_on_screen
from widgets.look.screens import screen_of

SIZES = ((640, 480), (800, 600), (1280, 720), (1920, 1080), (1080, 1080))
SPEEDS = (0.1, 20.0)


class ExportDialog(QDialog):
    """Format and file, and what a format can be told: width, letters, background and caption line of images, the look
    and the speed of films; beside them what will be written.

    Parameters
    ----------
    shown
        What is exported, for the preview; None: there is none.
    look
        What was chosen last.
    formats
        Of `FORMATS`: what the shown thing can be saved as; `first` is chosen.
    is_scene
        Whether a film is of a scene in space, which has a size, a theme and colours of its own, or of the figure.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        formats: Sequence[str],
        *,
        first: str = "svg",
        shown: Exported | None = None,
        look: ExportLook | None = None,
        has_caption: bool = False,
        is_scene: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("export_dialog")
        self.setWindowTitle(self.tr("Export"))
        self._is_scene = is_scene
        self._format = self._choice("export_format", [(FORMATS[kind].about, kind) for kind in formats])
        self._format.setAccessibleName(self.tr("Format"))
        self._format.setCurrentIndex(self._format.findData(first))
        self._stem, self._replaced = name, ""
        self._proposed = str(free_place(folder, name, ending_of(first)))
        self._file = QLineEdit(self._proposed, self)
        self._file.setObjectName("export_file")
        self._file.setAccessibleName(self.tr("File"))
        # Letters may be large, and the screen small: the preview stands beside it.
        most = screen_of(self.parentWidget() or self).availableGeometry().width() // 4
        self._file.setMinimumWidth(min(self.fontMetrics().averageCharWidth() * 56, most))
        browse = QPushButton(self.tr("&Browse…"), self)
        browse.setObjectName("export_browse")
        self._page = PageControls(look or ExportLook(), self)
        self._make_controls(has_caption=has_caption)
        self._shown = shown
        self._preview: Preview | None = None
        if shown is not None:
            self._preview = Preview(self._sheet, shown.figure.numbers, self)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self)
        self._lay_out(browse, buttons, has_film=any(FORMATS[kind].holds == "film" for kind in formats))
        self._format.currentIndexChanged.connect(self._on_format_changed)
        self._page.changed.connect(self._show_preview)
        self._caption.toggled.connect(self._show_preview)
        self._dpi.valueChanged.connect(self._show_preview)
        self._file.textChanged.connect(self._on_file_changed)
        browse.clicked.connect(self._on_browse_clicked)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._offer_what_fits()
        self._file.setFocus()

    def _make_controls(self, *, has_caption: bool) -> None:
        self._dpi = self._spin_box("export_dpi", 1200, self.tr("192 dpi"), self.tr(" dpi"))
        self._dpi.setAccessibleName(self.tr("Resolution"))
        self._dpi.setToolTip(self.tr("Pixels an inch of a PNG file; the other formats are sharp at any size"))
        self._caption = QCheckBox(self.tr("&Caption line: checkpoint, layer, head, input"), self)
        self._caption.setObjectName("export_caption")
        self._caption.setChecked(has_caption)
        sizes = [(f"{width} × {height}", (width, height)) for width, height in SIZES]
        self._size = self._choice("export_size", sizes)
        self._size.setCurrentIndex(1)
        self._theme = self._choice("export_theme", [(self.tr("Light"), "light"), (self.tr("Dark"), "dark")])
        colors = (("Plain", "plain"), ("Surprisal", "bits"), ("Order", "order"), ("Part", "part"))
        self._colors = self._choice("export_colors", [(self.tr(text), by) for text, by in colors])
        self._speed = DecimalBox(self)
        self._speed.setObjectName("export_speed")
        self._speed.setRange(*SPEEDS)
        self._speed.setSingleStep(0.5)
        self._speed.setValue(1.0)
        self._speed.setSuffix(" ×")
        self._speed.setToolTip(self.tr("How fast the film runs, times the usual speed"))

    def _lay_out(self, browse: QPushButton, buttons: QDialogButtonBox, *, has_film: bool) -> None:
        row = QHBoxLayout()
        row.addWidget(self._file, 1)
        row.addWidget(browse)
        file_label = PlainLabel(self.tr("F&ile"), self)
        file_label.setBuddy(self._file)
        content, layout = QWidget(), QFormLayout()
        beside = QBoxLayout(QBoxLayout.Direction.LeftToRight, content)
        beside.setContentsMargins(0, 0, 0, 0)
        layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        layout.addRow(self.tr("&Format"), self._format)
        layout.addRow(file_label, row)
        self._page.lay_out(layout)
        layout.addRow(self.tr("&Resolution"), self._dpi)
        layout.addRow("", self._caption)
        films = (
            (self.tr("Film si&ze"), self._size, self._is_scene),
            (self.tr("Film the&me"), self._theme, self._is_scene),
            (self.tr("Film c&olours"), self._colors, self._is_scene),
            (self.tr("Film s&peed"), self._speed, has_film),
        )
        for title, control, is_offered in films:
            control.setAccessibleName(title.replace("&", ""))
            if is_offered:
                layout.addRow(title, control)
            else:
                control.hide()
        beside.addLayout(layout, 1)
        if self._preview is not None:
            beside.addWidget(self._preview)
        self._fit_on_screen(content, beside, buttons)

    def _fit_on_screen(self, content: QWidget, beside: QBoxLayout, buttons: QDialogButtonBox) -> None:
        """Letters may be large, and the screen small: then the preview stands below, and what has no room scrolls."""
        scroll = QScrollArea(self)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidgetResizable(True)
        scroll.setWidget(content)
        outside = QVBoxLayout(self)
        outside.addWidget(scroll)
        outside.addWidget(buttons)
        margins, bar = outside.contentsMargins(), scroll.verticalScrollBar().sizeHint().width()
        around = margins.left() + margins.right() + bar
        room = screen_of(self.parentWidget() or self).availableGeometry().width()
        if content.sizeHint().width() + around > room:
            beside.setDirection(QBoxLayout.Direction.TopToBottom)
        size = content.sizeHint()
        above = margins.top() + margins.bottom() + outside.spacing() + buttons.sizeHint().height()
        resize_on_screen(self, size.width() + around, size.height() + above)

    def _choice(self, name: str, choices: list[tuple[str, Any]]) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(name)
        for text, data in choices:
            box.addItem(text, data)
        return box

    def _spin_box(self, name: str, high: int, at_zero: str, suffix: str) -> NumberBox:
        box = NumberBox(self)
        box.setObjectName(name)
        box.setRange(0, high)
        box.setSpecialValueText(at_zero)
        box.setSuffix(suffix)
        return box

    # What was chosen

    def kind(self) -> str:
        """Of `FORMATS`."""
        return self._format.currentData()

    def path(self) -> Path:
        """The file, with the format's ending if it was typed without one."""
        path = Path(self._file.text()).expanduser()
        return path if path.suffix or self.kind() == "frames" else path.with_suffix(ending_of(self.kind()))

    def may_replace(self) -> bool:
        """Whether the user was asked about a file that is there, and wants it to go."""
        return self._replaced == str(self.path())

    def accept(self) -> None:
        """Only once it is clear how large it is to be, and what is to become of a file that is there."""
        refused = self._page.first_refused()
        refused = refused or next((box for box in (self._dpi, self._speed) if not box.takes_typed()), None)
        if refused is not None:
            refused.setFocus()
            return
        path = self.path()
        if path.is_file():
            question = self.tr("{} exists. Replace it?").format(path.name)
            if not ask_plain(self, "export_replace", self.tr("Export"), question, self.tr("&Replace")):
                return
            self._replaced = str(path)
        super().accept()

    def look(self) -> ExportLook:
        """Width, letters and background."""
        return self._page.look(self.kind())

    def dpi_wanted(self) -> int | None:
        return self._dpi.value() or None

    def has_caption(self) -> bool:
        return self._caption.isChecked()

    def size_wanted(self) -> tuple[int, int]:
        """Width and height of a film of a scene."""
        return self._size.currentData()

    def theme(self) -> Any:
        """`light` or `dark`."""
        return self._theme.currentData()

    def color_by(self) -> Any:
        """What the colours of a mesh say: `plain`, `bits`, `order`, `part`."""
        return self._colors.currentData()

    def speed(self) -> float:
        """Of a film, times the usual one."""
        return round(self._speed.value(), 2)

    # What fits together

    def _offer_what_fits(self) -> None:
        holds = FORMATS[self.kind()].holds
        is_film = holds == "film"
        has_width = holds == "image" or (is_film and not self._is_scene)
        self._page.set_offered(has_width=has_width, is_drawn=holds == "image")
        self._dpi.setEnabled(self.kind() == "png")
        self._caption.setEnabled(holds == "image")
        for control in (self._size, self._theme, self._colors, self._speed):
            control.setEnabled(is_film)
        self._show_preview()

    # What will be written

    @Slot()
    def _show_preview(self) -> None:
        if self._preview is not None:
            self._preview.show_later()

    def _sheet(self) -> Sheet | None:
        """What is drawn with what is chosen now; of a file of numbers nothing. Says how large it will be, too."""
        assert self._shown is not None
        assert self._preview is not None
        holds, kind = FORMATS[self.kind()].holds, self.kind()
        if holds == "numbers":
            self._preview.say(told_numbers(self._shown.figure.numbers(), kind))
            return None
        look = self.look() if holds == "image" else ExportLook()
        sheet = self._shown.sheet(look, dpi=self.dpi_wanted(), has_caption=self.has_caption() and holds == "image")
        natural = float(sheet.size().width())
        length = look.length
        if length is None:
            points = natural
        else:
            dpi = self.dpi_wanted() or PNG_DPI
            points = length.pixels(dpi) / dpi * POINTS_AN_INCH if kind == "png" else length.points()
        letters = max(sheet.style.font.pixelSize(), 1) * points / natural
        self._preview.say(told_size(sheet, points, letters) if holds == "image" else "")
        return sheet

    @Slot(int)
    def _on_format_changed(self, _index: int) -> None:
        path, ending = Path(self._file.text()), ending_of(self.kind())
        if self._file.text() == self._proposed:  # the user chose no name: another format may have that one free
            self._proposed = str(free_place(path.parent, self._stem, ending))
            self._file.setText(self._proposed)
        else:
            self._file.setText(str(path.with_suffix(ending)))
        self._offer_what_fits()

    @Slot(str)
    def _on_file_changed(self, text: str) -> None:
        index = self._format.findData(Path(text).suffix.removeprefix(".").lower())
        if index >= 0:
            self._format.blockSignals(True)
            self._format.setCurrentIndex(index)
            self._format.blockSignals(False)
            self._offer_what_fits()

    @Slot()
    def _on_browse_clicked(self) -> None:
        kinds = [self._format.itemData(i) for i in range(self._format.count())]
        filters = {f"{FORMATS[kind].about} (*{ending_of(kind)})": kind for kind in kinds if kind != "frames"}
        now = next((text for text, kind in filters.items() if kind == self.kind()), "")
        title, start = self.tr("Export"), self._file.text()
        asked_later = QFileDialog.Option.DontConfirmOverwrite
        chosen, _ = QFileDialog.getSaveFileName(self, title, start, ";;".join(filters), now, options=asked_later)
        if chosen:
            self._file.setText(chosen)
