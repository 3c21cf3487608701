"""Facts of a checkpoint and the views that it will have, as plain text that can be read and copied."""

from __future__ import annotations

from PySide6.QtGui import QFont, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from app.hub.sizes import memory_text, size_text
from inference.results.checkpoint import CheckpointInfo
from inference.results.hub import RepoResult
from inference.results.needs import USUAL_TOKENS, memory_need
from widgets.figures.counts import number_of
from widgets.kit.clean import shown
from widgets.look.letters import LARGE
from widgets.registry import VIEWS

_Part = tuple[str, list[tuple[str, str]]]  # a title; names and texts of rows


class Facts(QPlainTextEdit):
    """Titles and texts, a line each; what memory it takes, for texts of a length and on a device."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(self.tr("What it is"))
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self._shown: RepoResult | CheckpointInfo | None = None
        self._n_tokens, self._device = USUAL_TOKENS, ""

    def set_length(self, n_tokens: int) -> None:
        """Tell what is held of texts of so many tokens."""
        self._n_tokens = n_tokens
        self._show_again()

    def set_device(self, about: str) -> None:
        """Tell what is free on the device that models are run on."""
        self._device = about
        self._show_again()

    def forget(self) -> None:
        """Tell nothing."""
        self._shown = None
        self.clear()

    def _show_again(self) -> None:
        if isinstance(self._shown, RepoResult):
            self.show_repo(self._shown)
        elif self._shown is not None:
            self.show_info(self._shown)

    def show_repo(self, found: RepoResult) -> None:
        """What the hub says of a repository, and its views as far as they are known."""
        self._shown = found
        there = self.tr(", {} of it there already").format(size_text(found.n_there)) if found.n_there else ""
        not_said = self.tr("not said")
        rows = [
            (self.tr("Version"), f"{found.revision} ({found.commit[:8]})"),
            (self.tr("Kind"), found.kind or not_said),
            (
                self.tr("Size"),
                self.tr("{} in {}{}").format(size_text(found.n_bytes), number_of(len(found.files), "files"), there),
            ),
            (self.tr("Free on the disk"), size_text(found.n_free)),
            (self.tr("Licence"), found.licence or not_said),
            (self.tr("Languages"), found.languages or not_said),
            (self.tr("Training data"), found.data or not_said),
            (self.tr("Gated"), self.tr("yes: its owners ask for an agreement") if found.gated else self.tr("no")),
        ]
        parts = [_part(found.repo, rows)]
        if found.info is not None:
            parts += self._of_info(found.info)
        self._show(parts)

    def show_info(self, info: CheckpointInfo) -> None:
        """What a checkpoint on this machine is, and its views."""
        self._shown = info
        self._show([_part(info.name, []), *self._of_info(info)])

    def _of_info(self, info: CheckpointInfo) -> list[_Part]:
        groups = ", ".join(
            f"{one.title}: {one.about_layers} of {number_of(max(one.n_heads), 'heads')}" for one in info.groups
        )
        rows = [
            (self.tr("Parameters"), f"{info.n_parameters:,}"),
            (self.tr("Attention"), groups or self.tr("none")),
            (self.tr("Numbers are stored as"), info.stored_in),
            (self.tr("Memory"), memory_text(memory_need(info, self._n_tokens))),
            *([(self.tr("Free now"), self._device)] if self._device else []),
            (self.tr("Reads"), ", ".join(info.reads)),
            *((self.tr("Note"), note) for note in info.notes),
        ]
        by_reason: dict[str, list[str]] = {}
        for view in VIEWS:
            if not view.is_home:
                by_reason.setdefault(info.why_missing(view.needs), []).append(view.title)
        offered = by_reason.pop("", [])
        lacking = [(", ".join(titles), why) for why, titles in by_reason.items()]
        return [
            _part(info.model, rows),
            _part(self.tr("Views that it has"), [("", ", ".join(offered) or self.tr("none"))]),
            *([_part(self.tr("Views that it has not"), lacking)] if lacking else []),
        ]

    def _show(self, parts: list[_Part]) -> None:
        """Titles are large, and names of rows bold, so that what is looked for is found; it stays a plain text."""
        self.clear()
        cursor, plain = self.textCursor(), QTextCharFormat()
        title, name = QTextCharFormat(), QTextCharFormat()
        name.setFontWeight(QFont.Weight.Bold)
        title.setFontWeight(QFont.Weight.Bold)
        title.setFontPointSize(self.font().pointSizeF() * LARGE)
        for number, (heading, rows) in enumerate(parts):
            cursor.insertText("\n\n" if number else "", plain)
            cursor.insertText(heading, title)
            for what, text in rows:
                cursor.insertText("\n", plain)
                cursor.insertText(f"{what}: " if what else "", name)
                cursor.insertText(text, plain)
        self.moveCursor(QTextCursor.MoveOperation.Start)


def _part(title: str, rows: list[tuple[str, str]]) -> _Part:
    """Each on one line, without what would be drawn as something else."""
    return _one_line(title), [(_one_line(name), _one_line(text)) for name, text in rows]


def _one_line(text: str) -> str:
    return shown(" ".join(text.split()))
