"""The skeleton of a view: controls, caption, canvas, a sentence where there is nothing to see, read-out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar, runtime_checkable

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.figure import Figure
from widgets.kit.labels import CaptionLabel, EmptyLabel, LineLabel
from widgets.kit.veil import Veil
from widgets.look.theme import FigureStyle
from widgets.passed_focus import PassesFocus

F = TypeVar("F", bound=Figure, contravariant=True)


class _Shows(Protocol[F]):
    def show_figure(self, figure: F, style: FigureStyle) -> None: ...


@runtime_checkable
class _TellsAgain(Protocol):
    """A canvas that can say anew what is pointed at."""

    def tell_again(self) -> None: ...


class Page(PassesFocus, QWidget):
    """From top to bottom: controls, caption, canvas (or a sentence that says what to do), read-out.

    Attributes
    ----------
    controls, caption, canvas, read_out
        Its parts. What else belongs above or beneath the canvas is put there by `add_above`, `add_below`,
        `add_beside_caption` and `add_beside_read_out`.
    veil
        Lies over the canvas while that shows something old.
    is_of_subject
        Whether what it shows depends on checkpoint and input, and so can be old.
    """

    def __init__(
        self,
        name: str,
        canvas: QWidget,
        caption: str,
        read_out: str,
        parent: QWidget | None = None,
        *,
        has_long_read_out: bool = False,
    ) -> None:
        """`caption` and `read_out` are their accessible names; empty: there is none. A long read-out has two lines."""
        super().__init__(parent)
        self.controls = ControlBar(self)
        self.caption = CaptionLabel(caption, self)
        self.caption.setObjectName(f"{name}_caption")
        self.canvas = canvas
        self.read_out = (
            CaptionLabel(read_out, self, keeps_lines=True) if has_long_read_out else LineLabel(read_out, self)
        )
        self.read_out.setObjectName(f"{name}_read_out")
        self._empty = EmptyLabel(f"{name}_empty")
        self._sentence = self._why_nothing = ""
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(canvas)
        self.veil = Veil(canvas)
        self.veil.dimmed.connect(self._on_veil_dimmed)
        self.is_of_subject = True
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.controls)
        self._head = QHBoxLayout()
        self._head.addWidget(self.caption, 1)
        self._column.addLayout(self._head)
        self._column.addWidget(self._stack, 1)
        self._foot = QHBoxLayout()
        self._foot.addWidget(self.read_out, 3)
        self._column.addLayout(self._foot)
        self.setFocusProxy(canvas)
        self.show_empty("")

    def add_above(self, widget: QWidget) -> None:
        """Between controls and caption."""
        self._column.insertWidget(self._column.indexOf(self._head), widget)

    def add_beside_caption(self, widget: QWidget) -> None:
        """In the line of the caption, behind it."""
        self._head.addWidget(widget)

    def add_below(self, widget: QWidget) -> None:
        """Between canvas and read-out."""
        self._column.insertWidget(self._column.indexOf(self._foot), widget)

    def add_beside_read_out(self, widget: QWidget) -> None:
        """In the last line, behind the read-out."""
        self._foot.addWidget(widget, 2)

    @property
    def is_empty(self) -> bool:
        """Whether a sentence stands where the canvas would be."""
        return self._stack.currentWidget() is self._empty

    @property
    def empty_text(self) -> str:
        """The sentence that stands there while there is nothing to see."""
        return self._empty.text()

    def show_empty(self, sentence: str) -> None:
        """There is nothing to see: say what to do, or that it is being computed."""
        self._sentence = sentence
        self._empty.setText(self._why_nothing or sentence)
        self._stack.setCurrentWidget(self._empty)
        for line in (self.caption, self.read_out):
            line.hide()
        self._pass_focus_on()

    def say_why_nothing(self, why: str, *, drops_picture: bool = False) -> None:
        """Say in an empty page why nothing comes, such as that it was cancelled; without a reason, what it said.

        A page drops its picture where that is of another checkpoint, of which nothing is to be seen beside the reason.
        """
        if drops_picture:
            self.stay_empty()
        self._why_nothing = why
        self._empty.setText(why or self._sentence)

    def show_on(self, canvas: _Shows[F], figure: F, style: FigureStyle, notes: tuple[str, ...] = ()) -> None:
        """Show a figure with its caption and what else is to be said, on the canvas or on what holds it."""
        canvas.show_figure(figure, style)
        self.caption.show_text("  ·  ".join((figure.caption, *notes)))
        self.show_canvas()

    def show_canvas(self) -> None:
        """There is something to see."""
        is_focused = self._empty.hasFocus()
        self._stack.setCurrentWidget(self.canvas)
        for line in (self.caption, self.read_out):
            line.setVisible(bool(line.accessibleName()))
        self._pass_focus_on()
        if is_focused:
            self.setFocus()

    def setFocusProxy(self, widget: QWidget | None) -> None:  # noqa: N802
        """What has the keyboard where there is something to see; else the sentence has it, which is not hidden."""
        self._proxy = widget
        self._pass_focus_on()

    def _pass_focus_on(self) -> None:
        super().setFocusProxy(self._empty if self.is_empty else self._proxy)  # type: ignore[arg-type] (None is allowed)

    def _on_veil_dimmed(self, is_dimmed: bool) -> None:
        """The caption is of the picture, and as old."""
        roles = self.palette().ColorRole
        self.caption.setForegroundRole(roles.PlaceholderText if is_dimmed else roles.WindowText)
        if not is_dimmed and isinstance(self.canvas, _TellsAgain):  # the picture that was dimmed is right after all
            self.canvas.tell_again()

    def clear_numbers(self) -> None:
        """Numbers beside a picture that is old are of something else."""
        self.read_out.show_text("")

    def stay_empty(self) -> None:
        """There still is nothing to see, whatever was put on the canvas."""
        self.show_empty(self._sentence)


@contextmanager
def staying_empty(pages: Sequence[Page]) -> Iterator[None]:
    """What is painted meanwhile, such as a picture from before in other colours, fills no page that is empty."""
    empty = [page for page in pages if page.is_empty]
    yield
    for page in empty:
        page.stay_empty()
