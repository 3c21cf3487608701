"""Facts of a checkpoint and the views that it will have, as plain text that can be read and copied."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.hub import RepoResult
from widgets.figures.counts import number_of
from widgets.kit.clean import shown
from widgets.registry import VIEWS

MB = 1_000_000


def size_text(n_bytes: int) -> str:
    """Bytes in words: `17.5 MB`, `1.35 GB`."""
    if n_bytes < MB:
        return f"{n_bytes / 1000:,.0f} kB"
    return f"{n_bytes / MB:,.1f} MB" if n_bytes < 1000 * MB else f"{n_bytes / MB / 1000:,.2f} GB"


class Facts(QPlainTextEdit):
    """Titles and texts, a line each."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAccessibleName(self.tr("What it is"))
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)

    def show_repo(self, found: RepoResult) -> None:
        """What the hub says of a repository, and its views as far as they are known."""
        there = self.tr(", {} of it on this machine").format(size_text(found.n_there)) if found.n_there else ""
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
            (self.tr("Training data"), found.data or not_said),
            (self.tr("Gated"), self.tr("yes: its owners ask for an agreement") if found.gated else self.tr("no")),
        ]
        parts = [_lines(found.repo, rows)]
        if found.info is not None:
            parts += self._of_info(found.info)
        self._show(parts)

    def show_info(self, info: CheckpointInfo) -> None:
        """What a checkpoint on this machine is, and its views."""
        self._show([info.name, *self._of_info(info)])

    def _of_info(self, info: CheckpointInfo) -> list[str]:
        groups = ", ".join(
            f"{one.title}: {one.about_layers} of {number_of(max(one.n_heads), 'heads')}" for one in info.groups
        )
        rows = [
            (self.tr("Parameters"), f"{info.n_parameters:,}"),
            (self.tr("Attention"), groups or self.tr("none")),
            (self.tr("Numbers are stored as"), info.stored_in),
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
            _lines(info.architecture, rows),
            _lines(self.tr("Views that it has"), [("", ", ".join(offered) or self.tr("none"))]),
            _lines(self.tr("Views that it has not"), lacking) if lacking else "",
        ]

    def _show(self, parts: list[str]) -> None:
        self.setPlainText("\n\n".join(filter(None, parts)))


def _lines(title: str, rows: list[tuple[str, str]]) -> str:
    told = (f"{name}: {text}" if name else text for name, text in rows)
    return "\n".join(shown(" ".join(line.split())) for line in (title, *told))
