"""What is selected, shared by all views: choosing a head or token in one selects it in all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True, slots=True)
class Selected:
    """Group, layer and head (counted from 0), query and key position (None: none chosen)."""

    group: str = ""
    layer: int = 0
    head: int = 0
    query_pos: int | None = None
    key_pos: int | None = None


class Selection(QObject):
    """The one `Selected` of a window, and which tokens are masked.

    Signals
    -------
    changed(Selected, Selected)
        New and old; emitted only if something changed.
    masked_changed(tuple)
        Positions of the masked tokens, ascending.
    """

    changed = Signal(object, object)
    masked_changed = Signal(tuple)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._now = Selected()
        self._masked: tuple[int, ...] = ()

    @property
    def now(self) -> Selected:
        return self._now

    @property
    def masked(self) -> tuple[int, ...]:
        return self._masked

    def update(self, **values: str | int | None) -> None:
        """Change some fields of what is selected."""
        old, self._now = self._now, replace(self._now, **values)  # type: ignore[arg-type]
        if self._now != old:
            self.changed.emit(self._now, old)

    def toggle_mask(self, position: int) -> None:
        """Mask a token, or show it again."""
        self.set_masked(tuple(set(self._masked) ^ {position}))

    def set_masked(self, positions: tuple[int, ...]) -> None:
        """Mask exactly these tokens."""
        positions = tuple(sorted(positions))
        if positions != self._masked:
            self._masked = positions
            self.masked_changed.emit(positions)
