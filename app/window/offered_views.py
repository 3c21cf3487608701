"""Which views have a tab with the open checkpoint, and which of them comes to the front."""

from __future__ import annotations

from collections.abc import Sequence

from inference.results.checkpoint import CheckpointInfo
from widgets.view_entry import ViewEntry


class OfferedViews:
    """A checkpoint offers what is about its kind of model; with each kind the window comes back to the view used last.

    Attributes
    ----------
    names
        Views that have a tab, in the order of the table.
    """

    def __init__(self, entries: Sequence[ViewEntry]) -> None:
        self._entries = tuple(entries)
        self._first = next(entry.name for entry in entries if not entry.is_home)
        self._homes = {entry.name for entry in entries if entry.is_home}
        self._kind = ""  # of the checkpoint; none was open yet
        self._last_of_kind: dict[str, str] = {}
        self._able: tuple[str, ...] = ()  # of these, those that show something of the checkpoint
        # The first checkpoint reads text; tabs that come and go would be in the way until it is there.
        self.names = tuple(entry.name for entry in entries if _is_general(entry))

    def follow(self, checkpoint: CheckpointInfo, current: str, *, is_restored: bool = False) -> str:
        """Offer what a checkpoint has; the view to show, empty where nothing has changed.

        Parameters
        ----------
        current
            The view that was used last.
        is_restored
            Whether the first checkpoint begins with that view, whatever it is about.
        """
        kind = checkpoint.reads[0]
        names = tuple(entry.name for entry in self._entries if _is_offered(entry, checkpoint))
        self._able = _able(self._entries, names, checkpoint)
        if (kind, names) == (self._kind, self.names):
            return ""
        wanted = current
        if kind != self._kind:
            is_first = not self._kind
            if current not in self._homes:
                self._last_of_kind[self._kind] = current
            begins_with = self._first if kind == "text" else ""
            if is_first and (kind == "text" or is_restored):
                begins_with = current
            wanted = self._last_of_kind.get(kind, begins_with)
        self._kind, self.names = kind, names
        # What the user chose may say why it is off; what is chosen for him may not.
        if wanted not in (self._able if wanted != current else names):
            wanted = self._first_able()
        return wanted

    def away_from_home(self, current: str) -> str:
        """What to show of a checkpoint that was opened there: what was used last with its kind, or its first view."""
        if current not in self._homes:
            return current
        last = self._last_of_kind.get(self._kind, self._first if self._kind == "text" else "")
        return last if last in self._able else self._first_able()

    def _first_able(self) -> str:
        """What is about the first thing that the checkpoint reads, or else about anything that it does."""
        about = {entry.name: entry.about_model for entry in self._entries if entry.name in self._able}
        best = [name for name in about if about[name] == self._kind] or list(filter(about.get, about)) or list(about)
        return (best or [name for name in self.names if name not in self._homes])[0]


def _able(entries: Sequence[ViewEntry], names: tuple[str, ...], checkpoint: CheckpointInfo) -> tuple[str, ...]:
    """Those that show something of a checkpoint; home is of all."""
    able = (entry for entry in entries if entry.name in names and not entry.is_home)
    return tuple(entry.name for entry in able if not entry.why_missing(checkpoint))


def _is_offered(entry: ViewEntry, checkpoint: CheckpointInfo) -> bool:
    """Whether a view has a tab. What only some models of images or meshes can do has none with the others."""
    if not entry.is_about(checkpoint):
        return False
    return _is_general(entry) or not entry.why_missing(checkpoint)


def _is_general(entry: ViewEntry) -> bool:
    """Whether a view has a tab with every model of its kind, greyed where that lacks something."""
    return entry.about_model in ("", "text") and not entry.is_special
