"""The buttons beneath the picture: play and step, how fast, and how it looks."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.player.play_icons import PlayIcon, play_icon
from widgets.player.playback import AS_FAST_AS_IT_GOES, SPEEDS
from widgets.scene3d.scene import STYLES, MeshStyle
from widgets.views.mesh.coloring import ColorBy


class Transport(QWidget):
    """Signals

    -------
    play_toggled()
    stepped(int)
        So many tokens back (negative) or forth.
    jumped(bool)
        To the end, or to the beginning.
    speed_changed(float), color_changed(str), style_changed(str), turning_changed(bool), fit_requested()
    save_requested()
        The user wants this mesh, or its growth, in a file.
    """

    play_toggled = Signal()
    stepped = Signal(int)
    jumped = Signal(bool)
    speed_changed = Signal(float)
    color_changed = Signal(str)
    style_changed = Signal(str)
    turning_changed = Signal(bool)
    fit_requested = Signal()
    save_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bar = ControlBar(self)
        self._first = bar.add_button("mesh_first", "", self.tr("To the first token (Home)"))
        self._back = bar.add_button("mesh_back", "", self.tr("One token back (comma)"))
        self._play = bar.add_button("mesh_play", "", self.tr("Play (Space)"))
        self._forth = bar.add_button("mesh_forth", "", self.tr("One token forth (full stop)"))
        self._last = bar.add_button("mesh_last", "", self.tr("To the last token (End)"))
        self._speed = bar.add_choice("mesh_speed", self.tr("Speed"), ((_speed(self, one), one) for one in SPEEDS))
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._color = bar.add_choice("mesh_color", self.tr("Colour"), self._colors())
        self._style = bar.add_choice("mesh_style", self.tr("Faces"), zip(self._styles(), STYLES, strict=True))
        self._fit = bar.add_button("mesh_fit", self.tr("Fit"), self.tr("Show all of it (F in the picture)"))
        self._turn = bar.add_check("mesh_turn", self.tr("Turn"), self.tr("Let the scene turn slowly"))
        self._save = bar.add_button("mesh_save", self.tr("Save mesh…"), self.tr("Save this mesh, or its growth"))
        self._save.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(bar)
        self._dress(is_playing=False)

        self._first.clicked.connect(self._on_first_clicked)
        self._back.clicked.connect(self.step_back)
        self._play.clicked.connect(self.play_toggled)
        self._forth.clicked.connect(self.step_forth)
        self._last.clicked.connect(self._on_last_clicked)
        self._speed.currentIndexChanged.connect(self._on_speed_current_index_changed)
        self._color.currentIndexChanged.connect(self._on_color_current_index_changed)
        self._style.currentIndexChanged.connect(self._on_style_current_index_changed)
        self._fit.clicked.connect(self.fit_requested)
        self._turn.toggled.connect(self.turning_changed)
        self._save.clicked.connect(self.save_requested)

    def _colors(self) -> tuple[tuple[str, ColorBy], ...]:
        return (
            (self.tr("surprise"), "bits"),
            (self.tr("order"), "order"),
            (self.tr("part"), "part"),
            (self.tr("plain"), "plain"),
        )

    def _styles(self) -> tuple[str, ...]:
        return self.tr("solid"), self.tr("wires"), self.tr("X-ray")

    @property
    def color_by(self) -> ColorBy:
        return self._color.currentData()

    def set_playing(self, is_playing: bool) -> None:
        """Offer the other one."""
        self._dress(is_playing=is_playing)

    def step_back(self) -> None:
        """As its button does."""
        self.stepped.emit(-1)

    def step_forth(self) -> None:
        """As its button does."""
        self.stepped.emit(1)

    def set_style(self, style: MeshStyle) -> None:
        """Show which style was chosen by a key."""
        with QSignalBlocker(self._style):
            self._style.setCurrentIndex(STYLES.index(style))

    def set_saving(self, is_possible: bool) -> None:
        """Whether there is a mesh to save."""
        self._save.setEnabled(is_possible)

    def _dress(self, *, is_playing: bool) -> None:
        self._is_playing = is_playing
        icons: tuple[tuple[QToolButton, PlayIcon], ...] = (
            (self._first, "first"),
            (self._back, "back"),
            (self._play, "pause" if is_playing else "play"),
            (self._forth, "forth"),
            (self._last, "last"),
        )
        side, color = round(0.9 * self.fontMetrics().height()), self.palette().color(QPalette.ColorRole.ButtonText)
        for button, kind in icons:
            button.setIcon(play_icon(kind, color, side))
        tip = self.tr("Pause (Space)") if is_playing else self.tr("Play (Space)")
        self._play.setToolTip(tip)
        self._play.setAccessibleName(tip)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._dress(is_playing=self._is_playing)

    def _on_first_clicked(self) -> None:
        self.jumped.emit(False)

    def _on_last_clicked(self) -> None:
        self.jumped.emit(True)

    def _on_speed_current_index_changed(self) -> None:
        self.speed_changed.emit(self._speed.currentData())

    def _on_color_current_index_changed(self) -> None:
        self.color_changed.emit(self._color.currentData())

    def _on_style_current_index_changed(self) -> None:
        self.style_changed.emit(self._style.currentData())


def _speed(widget: QWidget, speed: float) -> str:
    return widget.tr("fastest") if speed == AS_FAST_AS_IT_GOES else f"{speed:g} ×"
