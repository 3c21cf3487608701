"""Lists of labels that the user keeps, to come back to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QSignalBlocker, Signal

from widgets.kit.clean import clean
from widgets.kit.control_bar import ControlBar

_MOST = 20
_MOST_SHOWN = 40  # letters


def _tr(text: str) -> str:
    return QCoreApplication.translate("LabelSets", text)


@dataclass(frozen=True)
class KeptLabels:
    """Lists of labels, the last kept first."""

    sets: tuple[tuple[str, ...], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain values; empty where nothing is kept."""
        return {"sets": [list(labels) for labels in self.sets]} if self.sets else {}

    @classmethod
    def from_json(cls, stored: object) -> tuple[KeptLabels, tuple[str, ...]]:
        """What was stored; what is no list of labels is left out."""
        given = stored.get("sets") if isinstance(stored, dict) else None
        lists = [one for one in given if isinstance(one, list | tuple) and one] if isinstance(given, list) else []
        good = [tuple(one) for one in lists if all(isinstance(label, str) and label.strip() for label in one)]
        return cls(tuple(dict.fromkeys(good))[:_MOST]), ()

    def with_labels(self, labels: tuple[str, ...]) -> KeptLabels:
        """The same with one list more, in front."""
        return KeptLabels(tuple(dict.fromkeys((labels, *self.sets)))[:_MOST])

    def without(self, labels: tuple[str, ...]) -> KeptLabels:
        """The same without one list."""
        return KeptLabels(tuple(each for each in self.sets if each != labels))


class LabelSets(QObject):
    """A box of kept lists and two buttons; sessions remember the lists.

    Signals
    -------
    chosen(tuple)
        A list that the user wants back.
    """

    chosen = Signal(object)
    kind = KeptLabels

    def __init__(self, bar: ControlBar, name: str) -> None:
        super().__init__(bar)
        self.name, self._bar = name, bar
        self._kept, self._labels = KeptLabels(), ()
        self._box = bar.add_choice(f"{name}_kept", _tr("Kept labels"), ())
        self._box.setMinimumContentsLength(12)
        self._keep, self._forget = bar.add_buttons(
            (f"{name}_keep", _tr("Keep"), _tr("Keep these labels, to come back to them")),
            (f"{name}_forget", _tr("Forget"), _tr("Forget these labels")),
        )
        self._box.activated.connect(self._on_box_activated)
        self._keep.clicked.connect(self._on_keep_clicked)
        self._forget.clicked.connect(self._on_forget_clicked)
        self._show()

    def value(self) -> KeptLabels:
        """What is kept."""
        return self._kept

    def set_value(self, kept: KeptLabels) -> None:
        """Keep other lists."""
        self._kept = kept
        self._show()

    def show_labels(self, labels: tuple[str, ...]) -> None:
        """The labels that are there now."""
        self._labels = labels
        self._show()

    def _show(self) -> None:
        with QSignalBlocker(self._box):
            self._box.clear()
            self._box.addItem(_tr("none") if not self._kept.sets else _tr("choose …"), None)
            for labels in self._kept.sets:
                text = clean(", ".join(labels))
                shown = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
                self._box.addItem(f"{len(labels)}: {shown}", labels)
            is_kept = self._labels in self._kept.sets
            self._box.setCurrentIndex(1 + self._kept.sets.index(self._labels) if is_kept else 0)
        self._bar.settle(self._box)
        self._keep.setEnabled(bool(self._labels) and not is_kept)
        self._forget.setEnabled(is_kept)

    def _on_box_activated(self, index: int) -> None:
        if index > 0:
            self.chosen.emit(self._kept.sets[index - 1])

    def _on_keep_clicked(self) -> None:
        self.set_value(self._kept.with_labels(self._labels))

    def _on_forget_clicked(self) -> None:
        self.set_value(self._kept.without(self._labels))
