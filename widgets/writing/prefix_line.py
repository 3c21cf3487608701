"""What a text begins with: typed words, or tokens that were clicked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QLineEdit

from inference.results.decoding import BeamTree, Written
from widgets.kit.control_bar import ControlBar
from widgets.kit.layouts import labelled
from widgets.kit.plain import plain_tip

_MOST_LETTERS = 10_000


def _tr(text: str) -> str:
    return QCoreApplication.translate("PrefixLine", text)


@dataclass(frozen=True)
class Prefix:
    """Words; or token ids as the decoder is given them, its start token first, of which `text` is what one reads."""

    text: str = ""
    ids: tuple[int, ...] | None = None

    @classmethod
    def of(cls, pieces: Sequence[str], ids: Sequence[int]) -> Prefix:
        """Tokens that were clicked on; `pieces` have the marks of their tokenizer, and stand as one reads them."""
        return cls(as_typed(pieces), tuple(ids))

    @classmethod
    def to_candidate(cls, written: Written, place: int, number: int, *, is_from_end: bool = False) -> Prefix:
        """A text up to a place, where another token than the one that stands there is taken.

        Parameters
        ----------
        number
            Which of the tokens that were expected there.
        is_from_end
            Whether the text is written from its last token to its first.
        """
        words = [*written.tokens.shown[1:place], written.vocabulary[int(written.candidates[place, number])]]
        ids = [*written.tokens.ids[:place].tolist(), int(written.candidate_ids[place, number])]
        return cls.of(words[::-1] if is_from_end else words, ids)

    @classmethod
    def to_node(cls, written: Written, tree: BeamTree, node: int, *, is_from_end: bool = False) -> Prefix:
        """The text as far as a node of a beam search; see `to_candidate`."""
        path, n_given = tree.path(node), written.n_given
        words = [*written.tokens.shown[1:n_given], *(written.vocabulary[tree.numbers[each]] for each in path)]
        ids = [*written.tokens.ids[:n_given].tolist(), *tree.ids[path].tolist()]
        return cls.of(words[::-1] if is_from_end else words, ids)


def as_typed(pieces: Sequence[str]) -> str:
    """Pieces put together where their marks say so: `␣c` `at`, `c` `##at`, `c` `at</w>`, `c@@` `at`; else as words."""
    if any("␣" in piece for piece in pieces):
        text = "".join(pieces).replace("␣", " ")
    elif any(piece.endswith("</w>") for piece in pieces):
        text = "".join(pieces).replace("</w>", " ")
    else:
        text = " ".join(pieces).replace(" ##", "").replace("@@ ", "")
    return text.strip()


class PrefixLine(QObject):
    """A field in which the beginning is typed, and a way back to what it was before.

    Parameters
    ----------
    hint, tip
        What is typed there: in the empty field, and as its tool tip.
    is_rare
        Both stand behind the button More until a text begins with something.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, bar: ControlBar, name: str, hint: str, tip: str, *, is_rare: bool = False) -> None:
        super().__init__(bar)
        self._bar, self._is_rare = bar, is_rare
        self._now = Prefix()
        self._before: list[Prefix] = []
        self._line = QLineEdit()
        self._line.setMaxLength(_MOST_LETTERS)
        self._line.setPlaceholderText(hint)
        self._line.setToolTip(plain_tip(tip))
        self._line.setMinimumWidth(9 * self._line.fontMetrics().height())
        field = labelled(self._line, f"{name}_prefix", _tr("Begin with"))
        bar.add_widget(field)
        self._back = bar.add_button(f"{name}_back_to", _tr("Back"), _tr("Back to what was written before"))
        self._back.setEnabled(False)
        for widget in (field, self._back) if is_rare else ():
            bar.put_behind_more(widget)
        self._line.editingFinished.connect(self._on_line_editing_finished)
        self._back.clicked.connect(self._on_back_clicked)

    @property
    def now(self) -> Prefix:
        """What the text begins with."""
        return self._now

    def go_on_from(self, prefix: Prefix) -> None:
        """Begin with this from now on."""
        if prefix != self._now:
            self._before.append(self._now)
            self._show(prefix)

    def begin_anew(self, *, keeps_words: bool) -> None:
        """Another source: tokens that were clicked on were chosen for the old one. Words that were typed may stay, and
        then there is a way back to none."""
        now = self._now if keeps_words and self._now.ids is None else Prefix()
        self._before = [Prefix()] if now.text else []
        self._now = now
        self._back.setEnabled(bool(self._before))
        with QSignalBlocker(self._line):
            self._line.setText(now.text)

    def set_enabled(self, is_enabled: bool) -> None:
        """Whether words can be typed at all."""
        self._line.setEnabled(is_enabled)

    def _show(self, prefix: Prefix) -> None:
        self._now = prefix
        if self._is_rare:
            self._bar.show_all()  # what is chosen is seen, and the way back
        self._back.setEnabled(bool(self._before))
        with QSignalBlocker(self._line):
            self._line.setText(prefix.text)
        self.changed.emit()

    def _on_line_editing_finished(self) -> None:
        text = self._line.text()
        if text != self._now.text:
            self.go_on_from(Prefix(text.strip()))

    def _on_back_clicked(self) -> None:
        if self._before:
            self._show(self._before.pop())
