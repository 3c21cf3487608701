"""A field undoes its own edits first, as users expect; what it cannot undo is the window's."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QPlainTextEdit, QWidget

from widgets.panels.sentence_line import SentenceLine

_UNDO, _REDO = "Ctrl+Z", ("Ctrl+Shift+Z", "Ctrl+Y")

Field = QLineEdit | QPlainTextEdit


class OwnUndo(QObject):
    """Lets the keys of Undo and Redo through to the window from a field that has nothing to undo itself.

    Qt's fields keep these keys even where they have nothing to undo.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_application_focus_changed)

    def undo(self) -> bool:
        """Undo in the field with the focus; whether there was anything to undo."""
        field = field_of(QApplication.focusWidget())
        if field is None or not _can_undo(field):
            return False
        field.undo()
        return True

    def redo(self) -> bool:
        """Do again in the field with the focus; whether there was anything to do again."""
        field = field_of(QApplication.focusWidget())
        if field is None or not _can_redo(field):
            return False
        field.redo()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Of the field with the focus: not accepted here, the key comes to the window."""
        is_asked = event.type() == QEvent.Type.ShortcutOverride
        if not isinstance(event, QKeyEvent) or not (is_asked or event.type() == QEvent.Type.KeyPress):
            return False
        field = field_of(watched)
        if field is None:
            return False
        keys = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        if keys in _REDO and _can_redo(
            field
        ):  # Qt's fields know one of the keys, and the window may have nothing to do
            event.accept()
            if not is_asked:
                field.redo()
            return True
        if not is_asked:
            return False
        if (keys == _UNDO and not _can_undo(field)) or (keys in _REDO and not _can_redo(field)):
            event.ignore()
            return True
        return False

    @Slot(QWidget, QWidget)
    def _on_application_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if new is not None and field_of(new) is not None:
            new.installEventFilter(self)


def field_of(widget: QObject | None) -> Field | None:
    """The field of text in a widget with the focus; None where one cannot type there."""
    if isinstance(widget, QAbstractSpinBox):
        return widget.lineEdit()
    return widget if isinstance(widget, QLineEdit | QPlainTextEdit) else None


def _can_undo(field: Field) -> bool:
    """Not what is a step of the window by now: undone by the field it would be one more, which is undone next."""
    if field.isReadOnly() or (isinstance(field, SentenceLine) and field.is_asked):
        return False
    return field.isUndoAvailable() if isinstance(field, QLineEdit) else field.document().isUndoAvailable()


def _can_redo(field: Field) -> bool:
    if field.isReadOnly():
        return False
    return field.isRedoAvailable() if isinstance(field, QLineEdit) else field.document().isRedoAvailable()
