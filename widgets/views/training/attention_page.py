"""Attention taking shape, with the player."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from widgets.figures.panel_figure import Cell
from widgets.kit.number_slider import NumberSlider
from widgets.kit.page import Page
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.look.theme import FigureStyle
from widgets.player.playback import Playback
from widgets.player.player import Player
from widgets.player.step_slider import StepSlider
from widgets.views.training.attention import TrainingAttentionFigure
from widgets.views.training.record import RunRecord
from widgets.views.training.words import why_no_attention

_LOOKS_A_SECOND = 6.0


class AttentionPage(Page):
    """What a run attended to at each look; while it trains, every new look is shown when it comes.

    Signals
    -------
    figure_changed()
    """

    figure_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        canvas = PointedCanvas("training_attention_canvas", _tr("Attention taking shape"))
        super().__init__("training_attention", canvas, _tr("What is shown"), _tr("Number pointed at"), parent)
        self._canvas, self.is_of_subject = canvas, False
        self._record: RunRecord | None = None
        self._followed: RunRecord | None = None  # whose looks the player has
        self._figure: TrainingAttentionFigure | None = None
        self._style, self._n_layers = FigureStyle(), 1
        self._layer = NumberSlider("training_attention_layer", _tr("Layer"), 0, 0)
        self.controls.add_widget(self._layer)
        self.playback = Playback(self)
        self.playback.set_rate(_LOOKS_A_SECOND)
        self._slider = StepSlider("training_attention", _tr("Look"))
        self._player = Player("training_attention", self.playback, self._slider)
        self.add_below(self._player)
        self._layer.value_changed.connect(self._rebuild)
        self.playback.moved.connect(self._on_playback_moved)
        self._player.step_requested.connect(self._on_player_step_requested)
        canvas.spot_changed.connect(self._on_canvas_spot_changed)
        self._say_empty()

    def show_record(self, record: RunRecord | None, style: FigureStyle) -> None:
        """Show a run; None: there is none."""
        self._record, self._style = record, style
        looks = record.result.validations if record is not None and record.result is not None else ()
        n = sum(1 for one in looks if one.pattern.size)
        if not n:
            self._figure = self._followed = None
            self._say_empty()
            self.figure_changed.emit()
            return
        assert record is not None
        is_other, self._followed = record is not self._followed, record
        n_layers = self._n_layers = next(one for one in looks if one.pattern.size).pattern.shape[0]
        with QSignalBlocker(self._layer):
            self._layer.set_range(0, n_layers - 1)
            if is_other:
                self._layer.set_value(n_layers - 1)
        is_at_end = self.playback.step >= self.playback.last
        self._slider.set_range(0, n - 1, n - 1)
        self.playback.set_range(0, n - 1, is_open=record.is_running)
        if is_other or (record.is_running and is_at_end and not self.playback.is_playing):
            self.playback.follow()
        self._player.show_step(self.playback.step)
        self._rebuild()

    @property
    def figure(self) -> TrainingAttentionFigure | None:
        """What is shown; None where nothing is."""
        return self._figure

    def restyle(self, style: FigureStyle) -> None:
        """Paint in another style."""
        self._style = style
        self._rebuild()

    def act_on(self, event: QKeyEvent) -> bool:
        """Let the player do what a key says."""
        return self._figure is not None and self._player.act_on(event)

    def _say_empty(self) -> None:
        self._player.hide()
        self._layer.hide()
        if self._record is None:
            self.show_empty(_tr("Train a model under Runs, or choose a run there, to watch its attention form."))
        elif self._record.result is not None and self._record.result.validations:
            self.show_empty(why_no_attention(self._record.result))
        else:
            self.show_empty(_tr("Nothing has come of this run yet."))

    def _rebuild(self) -> None:
        if self._record is None or self._record.result is None:
            return
        if not any(one.pattern.size for one in self._record.result.validations):
            return
        self._figure = TrainingAttentionFigure(
            self._record.request.name, self._record.result, self.playback.step, self._layer.value()
        )
        self._player.show()
        self._layer.setVisible(self._n_layers > 1)
        self.show_on(self._canvas, self._figure, self._style)
        self._on_canvas_spot_changed(self._canvas.spot)
        self.figure_changed.emit()

    def _on_playback_moved(self, step: int) -> None:
        self._player.show_step(step)
        self._rebuild()

    def _on_player_step_requested(self, step: int) -> None:
        self.playback.go_to(step)
        self._rebuild()

    def _on_canvas_spot_changed(self, cell: Cell | None) -> None:
        if self._figure is None:
            return
        self.read_out.show_text(self._figure.about if cell is None else self._figure.describe(cell))


def _tr(text: str) -> str:
    return QCoreApplication.translate("AttentionPage", text)
