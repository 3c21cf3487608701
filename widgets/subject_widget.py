"""What looks at a checkpoint and an input, and at what is selected of them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget

from inference.results.checkpoint import AttentionGroup
from widgets.context import ViewContext
from widgets.kit.plain import plain_tip
from widgets.look.theme import FigureStyle
from widgets.passed_focus import PassesFocus
from widgets.selection import Selection
from widgets.subject import Subject


class SubjectWidget(PassesFocus, QWidget):
    """A widget with a subject, that reads the window's selection as positions within it, and is styled while visible.

    Attributes
    ----------
    looks_at_boxes
        Whether it shows boxes over the patches of an image, which are drawn and cleared.
    """

    looks_at_boxes = False

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._subject: Subject | None = None
        self._is_unstyled = True  # until it is visible
        context.looks.changed.connect(self._style_changed)

    def restyle(self) -> None:
        """Paint anew in `style_now()`: palette, font or colour map are others. Called while it is visible."""

    def style_now(self) -> FigureStyle:
        """Colours, font and colour map of what is on screen."""
        return replace(FigureStyle.of(self), color_map=self.context.looks.color_map)

    def _style_changed(self) -> None:
        self._is_unstyled = not self.isVisible()
        if not self._is_unstyled:
            self.restyle()
            self.update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._style_changed()

    def event(self, event: QEvent) -> bool:
        """What a part of it has nothing to say about on hover arrives here: painted words are explained."""
        if not isinstance(event, QHelpEvent) or event.type() != QEvent.Type.ToolTip:
            return super().event(event)
        from widgets.painted_words import meaning_at  # not before it is asked for: the first window does without

        part = self.childAt(event.pos()) or self
        meaning, box = meaning_at(part, QPointF(part.mapFrom(self, event.pos())), self._own_text())
        if not meaning:  # what a part has said by itself stays
            return super().event(event)
        QToolTip.showText(event.globalPos(), plain_tip(meaning, is_long=True), part, box)
        return True

    def _own_text(self) -> str:
        """What the user has written."""
        if self._subject is None:
            return ""
        text = self._subject.input.text
        return " ".join((*((text.text, text.text_pair or "") if text else ()), *self._subject.texts))

    @property
    def selection(self) -> Selection:
        """What is selected in the window."""
        return self.context.selection

    @property
    def subject(self) -> Subject | None:
        return self._subject

    @property
    def group(self) -> AttentionGroup | None:
        """The attention group that is looked at; None where the checkpoint has none."""
        if self._subject is None or not self._subject.checkpoint.groups:
            return None
        return self._subject.checkpoint.group(self.selection.now.group)

    @property
    def query_pos(self) -> int | None:
        """The selected query, where it lies among the queries of `group`."""
        return None if (group := self.group) is None else self.selection.now.query_pos(group)

    @property
    def key_pos(self) -> int | None:
        """The selected key, where it lies among the keys of `group`."""
        return None if (group := self.group) is None else self.selection.now.key_pos(group)

    def choose(self, **values: str | int | None) -> None:
        """Select for all views: `query_pos` and `key_pos` of `group`, `layer`, `head`."""
        if (group := self.group) is not None:
            self.selection.choose(group, **values)
