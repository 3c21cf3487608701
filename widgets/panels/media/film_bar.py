"""What stands above the views when the checkpoint reads films: a file, or one that is made up, and its frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Slot
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from inference.results.checkpoint import CheckpointInfo
from inference.results.film_strip import FilmStripRequest, FilmStripResult
from inference.results.inputs import FILM_ENDINGS, ClipInput, Input
from inference.results.request import Request
from widgets.context import ViewContext
from widgets.kit.layouts import labelled
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import plain_tip
from widgets.panels.media.film_frames import FilmFrames
from widgets.panels.media.media_bar import MAX_SEED, MediaBar
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider

_PERCENT = 100


def _tr(text: str) -> str:
    return QCoreApplication.translate("FilmBar", text)


class FilmBar(MediaBar[ClipInput]):
    """The film that all views look at. Another one replaces it once the engine has read it; else a sentence says why
    not, and the old one stays.

    Which of its frames the model is shown is chosen by hand: a frame of the strip, and with the slider another one that
    takes its place.

    `described` says what the checkpoint reads beside it by itself, before `input_changed`.
    """

    def __init__(self, context: ViewContext, parent: QWidget | None = None) -> None:
        self._frames = FilmFrames()
        titles = _tr("What happens in the film, and what was done to it"), _tr("Message about the film")
        super().__init__(context, "film", ClipInput(), self._frames, titles, parent)
        self._result: FilmStripResult | None = None
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
        self._hidden, self._hidden_seed = NumberBox(), NumberBox()
        self._hidden.setRange(0, _PERCENT)
        self._hidden.setSuffix(" %")
        self._hidden.setSingleStep(5)
        tip = self.tr("Share of the places that are hidden in all frames, which the model fills in")
        self._hidden.setToolTip(plain_tip(tip))
        self._hidden_seed.setRange(0, MAX_SEED)
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
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(0)
        self._player.add_beside(self._about)
        for part in (self._frames, self._player, self._message):
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

    # What the window does

    def set_checkpoint(self, info: CheckpointInfo | None) -> None:
        """Show how another checkpoint sees the same film; frames that were chosen by hand were as many as one takes."""
        if self.subject is not None and info is not None and info.checkpoint != self.subject.checkpoint.checkpoint:
            self._input, self._wanted = replace(self._input, frames=()), replace(self._wanted, frames=())
        self._look(info)

    def set_narrow(self, is_narrow: bool) -> None:
        super().set_narrow(is_narrow)
        self._frames.set_narrow(is_narrow)
        self._player.set_narrow(is_narrow)
        self._slider.set_narrow(is_narrow)

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
        is_new = self._take(request.input.clip)
        self._result = result
        self._frames.show_result(result)
        self.playback.set_rate(result.rate)
        self.playback.set_range(0, result.n_frames - 1)
        self._slider.set_range(0, result.n_frames - 1, result.n_frames - 1)
        for widget in self._of_hiding:
            widget.setVisible(result.hides_places)
        self._on_playback_moved(self.playback.step)
        self._describe(request, result.text)
        if is_new:
            self.input_changed.emit(self._input)

    def restyle(self) -> None:
        self._frames.update()

    # What the user does

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
        self._want(replace(self._wanted, path="", seed=self._next_seed(), frames=()))

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


def happening(result: FilmStripResult, frame: int) -> str:
    """What happens in a frame of a generated clip, and what is said then; that may be early or late."""
    happens = next((text for start, end, text in result.events if start <= frame < end), "")
    said = next((text for start, end, text in result.narration if start <= frame < end), "")
    return "  ·  ".join(filter(None, (happens, f"“{said}”" if said else "")))
