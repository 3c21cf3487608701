"""The words that were typed into the fields of word vectors, for a session."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QLineEdit

_MOST_LETTERS = 4_000  # of a field


class TypedWords:
    """Keeps what stands in some fields, by their object names, where it is not what stood there at first."""

    def __init__(self, fields: tuple[QLineEdit, ...]) -> None:
        self._fields = fields
        self._usual = tuple(field.text() for field in fields)

    def state(self) -> dict[str, str]:
        """What was typed."""
        pairs = zip(self._fields, self._usual, strict=True)
        return {field.objectName(): field.text()[:_MOST_LETTERS] for field, usual in pairs if field.text() != usual}

    def set_state(self, stored: object) -> None:
        """Write it again; what is no text is left out."""
        for field in self._fields:
            text = stored.get(field.objectName()) if isinstance(stored, dict) else None
            if isinstance(text, str):
                with QSignalBlocker(field):
                    field.setText(text[:_MOST_LETTERS])
