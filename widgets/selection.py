"""What is selected, shared by all views: choosing a head or token in one selects it in all."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from inference.results.checkpoint import AttentionGroup


@dataclass(frozen=True, slots=True)
class Position:
    """A place in an input: the name of a sequence (`text`, `source`, `image`, `vertices` ...) and a place in it.

    Token 8 of a sentence is not patch 8 of an image.
    """

    axis: str
    index: int


@dataclass(frozen=True, slots=True)
class Selected:
    """Group, layer and head (counted from 0), query and key (None: none chosen)."""

    group: str = ""
    layer: int = 0
    head: int = 0
    query: Position | None = None
    key: Position | None = None

    def query_on(self, axis: str) -> int | None:
        """The selected query's place in a sequence; None where it lies in another one."""
        return _index_on(self.query, axis)

    def query_pos(self, group: AttentionGroup) -> int | None:
        """The selected query's place among the queries of a group; None where it lies in another sequence."""
        return self.query_on(group.query_axis)

    def key_pos(self, group: AttentionGroup) -> int | None:
        """The selected key's place among the keys of a group; None where it lies in another sequence."""
        return _index_on(self.key, group.key_axis)


def _index_on(position: Position | None, axis: str) -> int | None:
    return position.index if position is not None and position.axis == axis else None


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

    def update(self, **values: str | int | Position | None) -> None:
        """Change some fields of what is selected."""
        old, self._now = self._now, replace(self._now, **values)  # type: ignore[arg-type]
        if self._now != old:
            self.changed.emit(self._now, old)

    def choose(self, of: AttentionGroup, /, **values: str | int | None) -> None:
        """As `update`, with `query_pos` and `key_pos` as places on the axes of a group; None selects none there."""
        chosen: dict[str, str | int | Position | None] = dict(values)
        for place, name, axis in (("query_pos", "query", of.query_axis), ("key_pos", "key", of.key_axis)):
            if place in chosen:
                index = chosen.pop(place)
                chosen[name] = None if index is None else Position(axis, int(index))  # type: ignore[arg-type]
        self.update(**chosen)

    def toggle_mask(self, position: int) -> None:
        """Mask a token, or show it again."""
        self.set_masked(tuple(set(self._masked) ^ {position}))

    def set_masked(self, positions: tuple[int, ...]) -> None:
        """Mask exactly these tokens."""
        positions = tuple(sorted(positions))
        if positions != self._masked:
            self._masked = positions
            self.masked_changed.emit(positions)
