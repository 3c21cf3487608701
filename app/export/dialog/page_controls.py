"""How wide, in which letters, on what."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QWidget

from app.export.page.lengths import LARGEST_MM, MM_AN_INCH, MOST_PIXELS, NAMED, NATURAL, PIXELS_AN_INCH, Length
from app.export.page.look import ExportLook
from widgets.kit.number_box import DecimalBox
from widgets.kit.plain import PlainLabel

_TYPED = {"mm": (5.0, LARGEST_MM, 1), "in": (0.2, LARGEST_MM / MM_AN_INCH, 2), "px": (1.0, float(MOST_PIXELS), 0)}


class PageControls(QObject):
    """Controls for an `ExportLook`, but its kind of file.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, look: ExportLook, parent: QWidget) -> None:
        super().__init__(parent)
        self._width = DecimalBox(parent)
        self._width.setObjectName("export_width")
        self._width.setAccessibleName(self.tr("Width"))
        self._width.setToolTip(self.tr("How wide the picture is on paper or slide, in the unit beside it"))
        self._unit = QComboBox(parent)
        self._unit.setObjectName("export_unit")
        self._unit.setAccessibleName(self.tr("Unit of the width"))
        for text, name in (
            (self.tr("as it is"), NATURAL),
            (self.tr("mm"), "mm"),
            (self.tr("inches"), "in"),
            (self.tr("pixels"), "px"),
            (self.tr("one column of a paper, 85 mm"), "column"),
            (self.tr("two columns of a paper, 178 mm"), "two-columns"),
            (self.tr("a third of a 16:9 slide, 113 mm"), "slide-third"),
            (self.tr("half of a 16:9 slide, 169 mm"), "slide-half"),
            (self.tr("a whole 16:9 slide, 339 mm"), "slide"),
        ):
            self._unit.addItem(text, name)
        self._letters = DecimalBox(parent)
        self._letters.setObjectName("export_letters")
        self._letters.setAccessibleName(self.tr("Size of the letters"))
        self._letters.setToolTip(self.tr("In points, whatever the width: a paper asks for 7 to 9"))
        self._letters.setDecimals(1)
        self._letters.setRange(3.5, 72.0)
        self._letters.setSingleStep(0.5)
        self._letters.setSpecialValueText(self.tr("as on screen"))
        self._letters.setSuffix(self.tr(" pt"))
        self._theme = QComboBox(parent)
        self._theme.setObjectName("export_background")
        self._theme.setAccessibleName(self.tr("Background"))
        for text, name in ((self.tr("Light"), "light"), (self.tr("Dark"), "dark")):
            self._theme.addItem(text, name)
        self._transparent = QCheckBox(self.tr("&Transparent"), parent)
        self._transparent.setObjectName("export_transparent")
        self._set(look)
        self._unit.currentIndexChanged.connect(self._on_unit_changed)
        self._theme.currentIndexChanged.connect(self.changed)
        self._transparent.toggled.connect(self.changed)
        for box in (self._width, self._letters):
            box.valueChanged.connect(self.changed)

    def lay_out(self, layout: QFormLayout) -> None:
        """Put them into a form, each behind its title."""
        for title, first, *rest in (
            (self.tr("&Width"), self._width, self._unit),
            (self.tr("&Letters"), self._letters),
            (self.tr("Back&ground"), self._theme, self._transparent),
        ):
            row = QHBoxLayout()
            for control in (first, *rest):
                row.addWidget(control)
            row.addStretch(1)
            label = PlainLabel(title, first.parentWidget())
            label.setBuddy(first)
            layout.addRow(label, row)

    def set_offered(self, *, has_width: bool, is_drawn: bool) -> None:
        """Grey what a kind of file does not follow: only what is drawn has letters and a background."""
        self._unit.setEnabled(has_width)
        self._width.setEnabled(has_width and self._unit.currentData() in _TYPED)
        for control in (self._letters, self._theme, self._transparent):
            control.setEnabled(is_drawn)
        self._has_width = has_width

    def first_refused(self) -> DecimalBox | None:
        """A field in which something stands that is not allowed; None: all is."""
        return next((box for box in (self._width, self._letters) if not box.takes_typed()), None)

    def look(self, kind: str) -> ExportLook:
        """What is chosen now, for a kind of file."""
        unit = self._unit.currentData()
        width = f"{self._width.cleanText()}{unit}".replace(",", "") if unit in _TYPED else unit
        letters = self._letters.value()
        return ExportLook(
            kind,
            width,
            None if letters <= self._letters.minimum() else max(letters, 4.0),
            self._theme.currentData(),
            self._transparent.isChecked(),
        )

    def _set(self, look: ExportLook) -> None:
        length = look.length
        name = look.width if look.width in NAMED else length.unit if length is not None else NATURAL
        if length is not None and name not in _TYPED and name not in NAMED:  # points and such, of the command line
            name, length = "mm", Length(length.points() / 72 * MM_AN_INCH, "mm")
        self._unit.setCurrentIndex(self._unit.findData(name))
        self._show_width(length or Length(120.0, "mm"), name if name in _TYPED else "mm")
        self._letters.setValue(look.font_size or self._letters.minimum())
        self._theme.setCurrentIndex(self._theme.findData(look.theme))
        self._transparent.setChecked(look.transparent)
        self._has_width = True

    def _show_width(self, length: Length, unit: str) -> None:
        low, high, decimals = _TYPED[unit]
        value = {
            "mm": length.points() / 72 * MM_AN_INCH,
            "in": length.points() / 72,
            "px": float(length.pixels(PIXELS_AN_INCH)),
        }[unit]
        with QSignalBlocker(self._width):
            self._width.setDecimals(decimals)
            self._width.setRange(low, high)
            self._width.setSingleStep({"mm": 5.0, "in": 0.25, "px": 50.0}[unit])
            self._width.setValue(value)
        self._shown_unit = unit

    @Slot(int)
    def _on_unit_changed(self, _index: int) -> None:
        """The number goes on meaning the same width."""
        unit = self._unit.currentData()
        now = Length(NAMED[unit], "mm") if unit in NAMED else Length(self._width.value(), self._shown_unit)
        self._show_width(now, unit if unit in _TYPED else "mm")
        self.set_offered(has_width=self._has_width, is_drawn=self._letters.isEnabled())
        self.changed.emit()
