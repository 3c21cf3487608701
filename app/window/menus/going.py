"""What the menu Go does: heads, layers, masks, and the text."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from app.export.exporting import Exporting
from app.window.subject_flow import SubjectFlow
from app.window.telling import Telling
from widgets.panels.input_panel import InputPanel
from widgets.selection import Selection


class Going(QObject):
    """Walks through heads and layers, masks tokens, and leads to the text."""

    def __init__(
        self,
        flow: SubjectFlow,
        selection: Selection,
        input_panel: InputPanel,
        exporting: Exporting,
        telling: Telling,
        dialog_parent: QWidget,
    ) -> None:
        super().__init__(dialog_parent)
        self._flow, self._selection, self._input_panel = flow, selection, input_panel
        self._exporting, self._telling, self._dialog_parent = exporting, telling, dialog_parent

    def step_head(self, heads: int) -> None:
        """Select a head that lies so many further; or say that it is the last one."""
        first, last = self.tr("This is the first head of its layer."), self.tr("This is the last head of its layer.")
        self._step(0, heads, last if heads > 0 else first)

    def step_layer(self, layers: int) -> None:
        """Select a layer that lies so many further down; or say that it is the last one."""
        first, last = (
            self.tr("This is the first layer with attention."),
            self.tr("This is the last layer with attention."),
        )
        self._step(layers, 0, last if layers > 0 else first)

    def toggle_selected_mask(self) -> None:
        """Mask the selected token, or show it again; or say why not."""
        self._telling.refuse(self._flow.toggle_selected_mask())

    def clear_masks(self) -> None:
        """Show all tokens."""
        self._selection.set_masked(())

    def swap_sentences(self) -> None:
        """Exchange sentences A and B; or say why not."""
        if self._refuses_text():
            return
        if self._input_panel.text.second.value().strip():
            self._input_panel.text.swap()
        else:
            self._telling.refuse(self.tr("There is no second sentence to swap with; type one first."))

    def focus_sentence(self) -> None:
        """Let the user type at once; or say why not."""
        if not self._refuses_text():
            self._input_panel.focus_text()

    def open_text(self) -> None:
        """Let the user see and change all of the text, and look at that."""
        if self._refuses_text():
            return
        from app.window.text_dialog import TextDialog  # not before it is wanted

        dialog = TextDialog(self._input_panel.whole_text, self._exporting.folder, self._dialog_parent)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._input_panel.edit_text(dialog.text())

    def _step(self, layers: int, heads: int, at_edge: str) -> None:
        before = self._selection.now
        if not self._flow.step(layers, heads):
            self._telling.refuse(self.tr("No checkpoint with heads is open."))
        elif self._selection.now == before:
            self._telling.say_why_off(at_edge)

    def _refuses_text(self) -> bool:
        is_refused = "text" not in self._input_panel.kinds
        why = self.tr("This checkpoint reads no text; open another one first.")
        self._telling.refuse(why if is_refused else "")
        return is_refused
