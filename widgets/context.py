"""What a view may use of the window it is in: the shared selection, the looks, and wishes that the window fulfils."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from inference.results.inputs import Input
from widgets.selection import Selected, Selection


@dataclass(frozen=True)
class ViewExample:
    """A view with all that it shows: a checkpoint, an input, what is selected of both, and how it is drawn.

    Attributes
    ----------
    view
        Its name.
    checkpoint
        A bundled name or a folder.
    input
        What it leaves out stays as it is; positions in `text.masked` are masked.
    selected
        Layer, head, query and key; None leaves what is selected.
    options
        As `View.options_state` gives them; what is left out is as by default.
    """

    view: str
    checkpoint: str
    input: Input = field(default_factory=Input)
    selected: Selected | None = None
    options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


class Looks(QObject):
    """How figures look in a window, wherever its views stand. Theme and font come with Qt's palette and font.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, color_map: str = "cividis", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._color_map = color_map

    @property
    def color_map(self) -> str:
        """Name of the colour map of all heat maps; see `widgets.look.color_maps`."""
        return self._color_map

    def set_color_map(self, name: str) -> None:
        """Paint heat maps with another colour map."""
        if name != self._color_map:
            self._color_map = name
            self.changed.emit()


class ViewContext(QObject):
    """Handed to every view when it is built. One a window.

    Signals
    -------
    view_requested(str)
        Show the view of that name.
    input_requested(Input)
        Let the window look at another input.
    save_requested(object)
        Save this thing, such as a mesh, in a file that the user chooses.
    swap_requested()
        Exchange sentences A and B.
    checkpoints_changed(object)
        Other checkpoints are at hand.
    checkpoint_requested(str)
        Open a checkpoint: a bundled name or a folder.
    example_requested(ViewExample)
        Open its checkpoint and show it.
    runs_changed()
        Runs of the training lab came, went, or ended.
    growing_changed(object)
        Class of a mesh that a view shows before it is finished, and so before others look at it; None: there is none.

    Attributes
    ----------
    runs_folder
        Where the runs of the training lab live; empty: nowhere.
    """

    view_requested = Signal(str)
    input_requested = Signal(object)
    save_requested = Signal(object)
    swap_requested = Signal()
    checkpoints_changed = Signal(object)
    checkpoint_requested = Signal(str)
    example_requested = Signal(object)
    runs_changed = Signal()
    growing_changed = Signal(object)

    def __init__(
        self,
        selection: Selection | None = None,
        looks: Looks | None = None,
        parent: QObject | None = None,
        *,
        runs_folder: str = "",
    ) -> None:
        super().__init__(parent)
        self.selection = selection or Selection(self)
        self.looks = looks or Looks(parent=self)
        self.runs_folder = runs_folder
        self._checkpoints: tuple[str, ...] = ()

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """The checkpoints that are at hand: bundled names, and folders that were open before."""
        return self._checkpoints

    def set_checkpoints(self, checkpoints: tuple[str, ...]) -> None:
        """Say which checkpoints are at hand."""
        if checkpoints != self._checkpoints:
            self._checkpoints = checkpoints
            self.checkpoints_changed.emit(checkpoints)

    def open_checkpoint(self, checkpoint: str) -> None:
        """Ask for another checkpoint to be opened."""
        self.checkpoint_requested.emit(checkpoint)

    def open_example(self, example: ViewExample) -> None:
        """Ask for a view with a checkpoint and an input of its own."""
        self.example_requested.emit(example)

    def tell_runs_changed(self) -> None:
        """Say that other runs are kept, or that one has come to its end."""
        self.runs_changed.emit()

    def open_view(self, name: str) -> None:
        """Ask for another view to be shown."""
        self.view_requested.emit(name)

    def set_input(self, input: Input) -> None:
        """Ask for another input to be looked at."""
        self.input_requested.emit(input)

    def save(self, thing: object) -> None:
        """Ask for something to be saved."""
        self.save_requested.emit(thing)

    def swap_sentences(self) -> None:
        """Ask for sentences A and B to be exchanged."""
        self.swap_requested.emit()

    def tell_growing(self, label: int | None) -> None:
        """Say which class a mesh has that is not finished; None where there is none such."""
        self.growing_changed.emit(label)
