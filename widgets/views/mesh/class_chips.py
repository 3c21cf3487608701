"""The classes of which a model samples meshes, to click on."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QButtonGroup, QToolButton, QWidget

from widgets.kit.layouts import FlowLayout, fill_column


def _style_sheet(palette: QPalette, em: int) -> str:
    """With the colours themselves: `palette(base)` in a style sheet is looked up once, and never follows the theme.

    Nor do its own `em` follow letters that have become smaller: corners rounder than a chip is high are square ones.
    """
    role = QPalette.ColorRole
    base, text, mid = (palette.color(one).name() for one in (role.Base, role.Text, role.Mid))
    highlight, highlighted = (palette.color(one).name() for one in (role.Highlight, role.HighlightedText))
    return f"""
QToolButton {{
    padding: {0.2 * em:.0f}px {0.45 * em:.0f}px; border: 1px solid {mid}; border-radius: {0.7 * em:.0f}px;
    background: {base}; color: {text};
}}
QToolButton:hover, QToolButton:focus {{ border: 1px solid {highlight}; }}
QToolButton:checked {{ background: {highlight}; color: {highlighted}; border-color: {highlight}; }}
QToolButton:checked:focus {{ border: 2px solid {text}; }}
"""


class ClassChips(QWidget):
    """One chip a class, one of which is chosen; they wrap.

    Signals
    -------
    class_chosen()
        A class was clicked on, maybe the same again.
    """

    class_chosen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QWidget(self)
        self._row.setAccessibleName(self.tr("Classes"))
        self._style()
        fill_column(self, self._row, self._row)
        self._flow = FlowLayout(self._row)
        self._flow.setSpacing(4)
        self._flow.setContentsMargins(8, 0, 8, 4)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self._on_group_id_clicked)

    @property
    def label(self) -> int | None:
        """The chosen class; None where there is none to choose."""
        label = self._group.checkedId()
        return label if label >= 0 else None

    def set_classes(self, names: tuple[str, ...], chosen: int) -> None:
        """Offer these classes; none hides the chips."""
        for button in self._group.buttons():
            self._group.removeButton(button)
            self._flow.removeWidget(button)
            button.deleteLater()
        for number, name in enumerate(names):
            chip = QToolButton(self._row)
            chip.setText(name)
            chip.setFont(self.font())
            chip.setCheckable(True)
            chip.setObjectName(f"mesh_class_{number}")
            chip.setAccessibleName(self.tr("Sample: {}").format(name))
            chip.setChecked(number == chosen)
            self._group.addButton(chip, number)
            self._flow.addWidget(chip)
            chip.show()
        self.setVisible(bool(names))

    def choose(self, label: int | None) -> None:
        """Show another class as the chosen one; tells nobody."""
        if label is not None and (chip := self._group.button(label)) is not None:
            chip.setChecked(True)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._style()
        elif event.type() == QEvent.Type.FontChange:
            for chip in self._group.buttons():  # which have a style sheet, and so are told by nobody
                chip.setFont(self.font())
            self._style()

    def _style(self) -> None:
        self._row.ensurePolished()  # else it goes on with the style sheet that it was given before
        self._row.setStyleSheet(_style_sheet(self.palette(), self.fontMetrics().height()))

    def _on_group_id_clicked(self, _number: int) -> None:
        self.class_chosen.emit()
