"""What the menu Edit does."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from app.export.exporting import Exporting
from app.window.editing.history import History
from app.window.editing.own_undo import OwnUndo
from app.window.view_area import ViewArea
from widgets.kit.plain import plain_tip
from widgets.selection import Selection


class Editing(QObject):
    """Undo and Redo, the clipboard, and nothing selected.

    Attributes
    ----------
    history
        What can be undone.
    """

    def __init__(
        self, history: History, exporting: Exporting, selection: Selection, area: ViewArea, parent: QObject
    ) -> None:
        super().__init__(parent)
        self.history = history
        self._exporting, self._selection, self._area = exporting, selection, area
        self._fields = OwnUndo(self)
        self._undo: QAction | None = None
        self._redo: QAction | None = None
        history.changed.connect(self._judge)

    def set_actions(self, actions: Mapping[str, QAction]) -> None:
        """Let Undo and Redo say what they would do."""
        self._undo, self._redo = actions["editing.undo"], actions["editing.redo"]
        self._judge()

    def undo(self) -> None:
        """Undo in the field with the focus, else the last step."""
        if not self._fields.undo():
            self.history.undo()

    def redo(self) -> None:
        """Do again in the field with the focus, else the step that was undone last."""
        if not self._fields.redo():
            self.history.redo()

    def copy_picture(self) -> None:
        """Put the picture of the view that was used last on the clipboard."""
        self._exporting.copy(self._area.views.get(self._area.current), why_none=self._area.why_off(self._area.current))

    def copy_numbers(self) -> None:
        """Put the numbers of that picture there, separated by tabs."""
        name = self._area.current
        self._exporting.copy_numbers(self._area.views.get(name), why_none=self._area.why_off(name))

    def select_nothing(self) -> None:
        """No token or patch is selected; layer and head stay."""
        self._selection.update(query=None, key=None)

    @Slot()
    def _judge(self) -> None:
        if self._undo is None or self._redo is None:
            return
        none = self.tr("There is nothing to undo."), self.tr("There is nothing to do again.")
        for action, title, name, why in (
            (self._undo, self.tr("&Undo"), self.history.undo_name, none[0]),
            (self._redo, self.tr("&Redo"), self.history.redo_name, none[1]),
        ):
            text = f"{title} {name.replace('&', '&&')}".strip()
            action.setText(text)
            action.setEnabled(bool(name))
            action.setToolTip(plain_tip(text.replace("&&", "&") if name else why))
