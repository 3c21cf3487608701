"""What stands above the views when the checkpoint reads films: a file, or one that is made up, and its frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFileDialog, QToolButton, QVBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.film_strip import FilmStripRequest, FilmStripResult
from inference.results.inputs import FILM_ENDINGS, ClipInput, Input
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.labels import LineLabel
from widgets.kit.layouts import labelled
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import plain_tip
from widgets.kit.veil import Veil
from widgets.panels.film_frames import FilmFrames
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.subject import Subject
from widgets.view import View

MAX_CLIP_SEED = 999_999
_PERCENT = 100


class FilmBar(View):
    """The film that all views look at. Another one replaces it once the engine has read it; else a sentence says why
    not, and the old one stays.

    Which of its frames the model is shown is chosen by hand: a frame of the strip, and with the slider another one that
    takes its place.

    Signals
    -------
    input_changed(ClipInput)
        What the user chose, once it was read.
    described(str)
        The film is shown, and this is what the checkpoint reads beside it by itself; empty for files. It comes before
        `input_changed`.
    """

    input_changed = Signal(object)
    described = Signal(str)

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        super().__init__(context, parent)
        self.setObjectName("film_bar")
        self._input = self._wanted = ClipInput()
        self._is_back = False  # whether another one was wanted in vain
        self._folder = str(Path.home())
        self._result: FilmStripResult | None = None
        self._frames = FilmFrames(self)
        self._veil = Veil(self._frames)
        self.playback = Playback(self)
        self._slider = StepSlider("film", self.tr("Frame of the film"))
        self._player = Player("film", self.playback, self._slider)
        controls = self._player.controls
        self._open, self._open_folder, self._next, self._use, self._evenly = (
            self._button(*each)
            for each in (
                ("film_open", self.tr("Open…"), self.tr("Open a film: GIF, WebP, PNG, MP4 or WebM")),
                ("film_folder", self.tr("Folder…"), self.tr("Open a folder of numbered images, one a frame")),
                ("film_next", self.tr("New film"), self.tr("Generate another film: the next seed")),
                ("film_use", self.tr("Use frame"), self.tr("Put the slider's frame in the chosen place")),
                ("film_evenly", self.tr("Evenly"), self.tr("Show the model frames from the whole film")),
            )
        )
        self._seed, self._hidden, self._hidden_seed = NumberBox(), NumberBox(), NumberBox()
        self._seed.setRange(0, MAX_CLIP_SEED)
        self._hidden.setRange(0, _PERCENT)
        self._hidden.setSuffix(" %")
        self._hidden.setSingleStep(5)
        tip = self.tr("Share of the places that are hidden in all frames, which the model fills in")
        self._hidden.setToolTip(plain_tip(tip))
        self._hidden_seed.setRange(0, MAX_CLIP_SEED)
        self._hidden_seed.setToolTip(plain_tip(self.tr("Which places are hidden")))
        for button in (self._open, self._open_folder, self._next):
            controls.add_widget(button)
        controls.add_widget(labelled(self._seed, "film_seed", self.tr("Seed")))
        for button in (self._use, self._evenly):
            controls.add_widget(button)
        self._of_hiding = (
            labelled(self._hidden, "film_hidden", self.tr("Hidden")),
            labelled(self._hidden_seed, "film_hidden_seed", self.tr("Places")),
        )
        for widget in self._of_hiding:
            controls.add_widget(widget)
            widget.hide()
        self._about = LineLabel(self.tr("What happens in the film, and what was done to it"), self)
        self._about.setObjectName("film_about")
        self._message = LineLabel(self.tr("Message about the film"), self)
        self._message.setObjectName("film_message")
        self._message.setForegroundRole(QPalette.ColorRole.BrightText)
        self._message.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 2)
        layout.setSpacing(0)
        for part in (self._frames, self._player, self._about, self._message):
            layout.addWidget(part)
        self.setFocusProxy(self._open)
        self._show_controls(self._input)

        self._open.clicked.connect(self._on_open_clicked)
        self._open_folder.clicked.connect(self._on_open_folder_clicked)
        self._next.clicked.connect(self._on_next_clicked)
        self._use.clicked.connect(self._on_use_clicked)
        self._evenly.clicked.connect(self._on_evenly_clicked)
        self._seed.valueChanged.connect(self._on_seed_changed)
        self._hidden.valueChanged.connect(self._on_hidden_changed)
        self._hidden_seed.valueChanged.connect(self._on_hidden_changed)
        self._frames.place_chosen.connect(self._on_place_chosen)
        self._player.step_requested.connect(self.playback.go_to)
        self._veil.dimmed.connect(self.playback.hold)
        self.playback.moved.connect(self._on_playback_moved)

    def _button(self, name: str, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setText(text)
        button.setToolTip(plain_tip(tip))
        button.setAccessibleName(tip)
        return button

    # What the window does

    def set_checkpoint(self, info: CheckpointInfo | None) -> None:
        """Show how another checkpoint sees the same film; frames that were chosen by hand were as many as one takes."""
        if self.subject is not None and info is not None and info.checkpoint != self.subject.checkpoint.checkpoint:
            self._input = replace(self._input, frames=())
        self._wanted = self._input
        self.set_subject(Subject(info, Input(clip=self._input)) if info else None)

    def input(self) -> ClipInput:
        """The film that is looked at: the last one that could be read."""
        return self._input

    def set_input(self, input: ClipInput) -> None:
        """Look at another film; `input_changed` is not emitted."""
        self._input = self._wanted = input
        self._show_controls(input)
        if self.subject is not None:
            self.set_subject(Subject(self.subject.checkpoint, Input(clip=input)))

    def open_file(self, path: str) -> None:
        """Look at a film: a file, or a folder of numbered images."""
        self._folder = str(Path(path).parent)
        self._want(replace(self._wanted, path=path, frames=()))

    # As a view

    def requests(self) -> tuple[Request, ...]:
        assert self.subject is not None
        return (FilmStripRequest(self.subject.checkpoint.checkpoint, Input(clip=self._wanted)),)

    def show_result(self, request: Request, result: object, is_partial: bool) -> None:
        assert isinstance(result, FilmStripResult)
        assert isinstance(request, FilmStripRequest)
        assert request.input.clip is not None
        is_new, self._input = request.input.clip != self._input, request.input.clip
        self._result = result
        self._show_controls(self._input)
        self._frames.show_result(result)
        self.playback.set_rate(result.rate)
        self.playback.set_range(0, result.n_frames - 1)
        self._slider.set_range(0, result.n_frames - 1, result.n_frames - 1)
        for widget in self._of_hiding:
            widget.setVisible(result.hides_places)
        self._on_playback_moved(self.playback.step)
        if not self._is_back:  # else it says why
            self._show_message("")
        self._is_back = False
        self.described.emit(result.text)
        if is_new:
            self.input_changed.emit(self._input)

    def show_failure(self, request: Request, failure: Failure) -> None:
        super().show_failure(request, failure)
        self._show_message(failure.message)
        self._go_back()

    def take_cancellation(self, request: Request) -> None:
        super().take_cancellation(request)
        self._show_message(self.tr("Cancelled.") if self._wanted != self._input else "")
        self._go_back()

    def clear_numbers(self) -> None:
        self._about.show_text("")

    def _veils(self) -> list[Veil]:
        return [self._veil]  # over what is seen: controls are not of a checkpoint

    def _go_back(self) -> None:
        """What is wanted did not come: the film that was there is still the one that is looked at."""
        self._is_back = self._wanted != self._input
        self._wanted = self._input
        self._show_controls(self._input)
        if self._is_back:
            self.refresh()

    def figure(self) -> None:
        return None

    def restyle(self) -> None:
        self._frames.update()

    # What the user does

    def _want(self, input: ClipInput) -> None:
        """Ask for a film; it becomes the input when it comes."""
        if input == self._wanted:
            return
        self._wanted, self._is_back = input, False
        is_read = input.path and input.path != self._input.path
        self._show_message(self.tr("Reading {} …").format(Path(input.path).name) if is_read else "")
        self.refresh()

    @Slot()
    def _on_open_clicked(self) -> None:
        filters = self.tr("Films ({})").format(" ".join(f"*{ending}" for ending in FILM_ENDINGS))
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Open a film"), self._folder, filters)
        if path:
            self.open_file(path)

    @Slot()
    def _on_open_folder_clicked(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.tr("Open a folder of numbered images"), self._folder)
        if path:
            self.open_file(path)

    @Slot()
    def _on_next_clicked(self) -> None:
        # A file is left for the clip that was there before it.
        seed = self._seed.value() if self._input.path else (self._seed.value() + 1) % (MAX_CLIP_SEED + 1)
        self._want(replace(self._wanted, path="", seed=seed, frames=()))

    @Slot()
    def _on_seed_changed(self) -> None:
        self._want(replace(self._wanted, path="", seed=self._seed.value(), frames=()))

    @Slot()
    def _on_hidden_changed(self) -> None:
        hidden = self._hidden.value() / _PERCENT
        self._want(replace(self._wanted, hidden=hidden, hidden_seed=self._hidden_seed.value()))

    @Slot()
    def _on_use_clicked(self) -> None:
        if self._result is not None:
            frames = list(self._result.frames)
            frames[self._frames.place] = self.playback.step
            self._want(replace(self._wanted, frames=tuple(frames)))

    @Slot()
    def _on_evenly_clicked(self) -> None:
        self._want(replace(self._wanted, frames=()))

    @Slot(int)
    def _on_place_chosen(self, place: int) -> None:
        if self._result is not None:
            self.playback.go_to(self._result.frames[place])

    @Slot(int)
    def _on_playback_moved(self, frame: int) -> None:
        self._player.show_step(frame)
        self._frames.show_frame(frame)
        result = self._result
        if result is not None:
            parts = (Path(self._input.path).name, happening(result, frame), result.about, *result.notes)
            self._about.show_text("  ·  ".join(filter(None, parts)))

    def _show_controls(self, input: ClipInput) -> None:
        """A file leaves the seed as it is."""
        boxes = self._hidden, self._hidden_seed, *(() if input.path else (self._seed,))
        values = round(input.hidden * _PERCENT), input.hidden_seed, input.seed
        for box, value in zip(boxes, values, strict=False):
            with QSignalBlocker(box):
                box.setValue(value)
        self._evenly.setEnabled(bool(input.frames))

    def _show_message(self, text: str) -> None:
        self._message.show_text(text)
        self._message.setVisible(bool(text))


def happening(result: FilmStripResult, frame: int) -> str:
    """What happens in a frame of a generated clip, and what is said then; that may be early or late."""
    happens = next((text for start, end, text in result.events if start <= frame < end), "")
    said = next((text for start, end, text in result.narration if start <= frame < end), "")
    return "  ·  ".join(filter(None, (happens, f"“{said}”" if said else "")))
