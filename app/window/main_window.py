"""The window: panels round the views, and what the commands do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QPaintEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app.export.exporting import Exporting
from app.link.controller import Controller
from app.link.runner import Runner
from app.window import about, drops
from app.window.actions import build_menus, set_view_shortcuts
from app.window.appearance import Appearance
from app.window.presentation import LARGER, Presentation
from app.window.settings import Settings, load_settings, save_settings
from app.window.subject_flow import SubjectFlow
from app.window.text_dialog import TextDialog
from app.window.view_area import ViewArea
from app.window.warm_up import WarmUp
from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.mesh import MeshSample
from inference.results.tokens import Tokens
from resources import ROOT, SAMPLES, bundled_checkpoints
from widgets.look.looks import Looks
from widgets.panels.details import DetailsPanel
from widgets.panels.gallery import Gallery
from widgets.panels.input_panel import InputPanel
from widgets.panels.status_line import StatusLine
from widgets.registry import ViewEntry
from widgets.selection import Selection
from widgets.view import Subject, View


class MainWindow(QMainWindow):
    """Gallery on the left, input above, views in the middle, details on the right, messages below.

    Signals
    -------
    painted()
        Once, after the first picture of the window is on screen.
    """

    painted = Signal()

    def __init__(self, runner: Runner, settings_file: Path, first_checkpoint: str = "") -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("Headlight")
        self.setWindowIcon(QIcon(str(ROOT / "icons" / "headlight.svg")))
        self.setAcceptDrops(True)
        self._settings_file = settings_file
        self.settings, self._notice = load_settings(settings_file)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self.appearance = Appearance(application)
        self._runner = runner
        self._first_checkpoint = first_checkpoint
        self._opening = ""
        self._is_started = False

        self.selection = Selection(self)
        self.looks = Looks(parent=self)
        self.exporting = Exporting(self)
        self.controller = Controller(runner, self)
        self.gallery = Gallery()
        self.input_panel = InputPanel(self.selection, SAMPLES)
        self.input_bar = self.input_panel.text
        self.flow = SubjectFlow(self.controller, self.selection, self.input_panel, self)
        self.area = ViewArea(partial(ViewEntry.create, selection=self.selection), self.looks)
        self.details = DetailsPanel(self.selection)
        self.status_line = StatusLine()
        self._build()
        self.actions_by_name = build_menus(self)
        self.area.set_window_actions(tuple(self.actions_by_name.values()))
        panels = (self.gallery_dock, self.details_dock, self.menuBar(), self.statusBar(), self.input_bar.token_row)
        self._presentation = Presentation(self, panels, tuple(self.actions_by_name.values()))
        self._connect()
        self._restore()
        self._show_gallery()

    # Building

    def _build(self) -> None:
        centre = QWidget(self)
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.input_panel)
        layout.addWidget(self.area, 1)
        self.setCentralWidget(centre)
        self.gallery_dock = self._dock(self.tr("Checkpoints"), self.gallery, Qt.DockWidgetArea.LeftDockWidgetArea)
        self.details_dock = self._dock(self.tr("Selected"), self.details, Qt.DockWidgetArea.RightDockWidgetArea)
        em = self.fontMetrics().averageCharWidth()
        docks = [self.gallery_dock, self.details_dock]
        self.resizeDocks(docks, [24 * em, 34 * em], Qt.Orientation.Horizontal)
        self.statusBar().addWidget(self.status_line, 1)
        self.statusBar().setSizeGripEnabled(False)

    def _dock(self, title: str, widget: QWidget, side: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock_{side.name}")
        dock.setWidget(widget)
        self.addDockWidget(side, dock)
        return dock

    def _connect(self) -> None:
        self.gallery.open_requested.connect(self.open)
        self.gallery.browse_requested.connect(self.browse)
        self.input_panel.bar_created.connect(self.controller.attach)
        self.input_bar.mask_toggled.connect(self.selection.toggle_mask)
        self.input_bar.editor_requested.connect(self.open_text)
        self.flow.tokens_changed.connect(self._on_flow_tokens_changed)
        self.flow.subject_changed.connect(self._on_flow_subject_changed)
        self.flow.refused.connect(self.area.forget_other)
        self.exporting.said.connect(self._on_exporting_said)
        self.area.view_created.connect(self._on_area_view_created)
        self.area.offered_changed.connect(partial(set_view_shortcuts, self.actions_by_name))
        self.area.export_requested.connect(self.export)
        self.area.copy_requested.connect(self.copy)
        self.controller.attach(self.details)
        self.controller.opened.connect(self._on_controller_opened)
        self.controller.open_failed.connect(self._on_controller_open_failed)
        self.controller.noticed.connect(self.status_line.show_message)
        self.controller.progressed.connect(self.status_line.show_progress)
        self.controller.memory_told.connect(self.status_line.show_memory)
        self.status_line.cancel_requested.connect(self.cancel)
        self.status_line.log_requested.connect(self.show_messages)
        self._runner.busy_changed.connect(self.status_line.set_busy)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._check_panels()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_started:
            self._is_started = True
            # Behind the first paint, so that nothing is imported or spawned before the window is on screen.
            QTimer.singleShot(0, self._on_first_painted)

    @Slot()
    def _on_first_painted(self) -> None:
        self.painted.emit()
        if self._notice:
            self.status_line.show_message(self._notice)
        wanted = self._first_checkpoint or self.settings.checkpoint
        self._runner.start()
        WarmUp(self).start()
        self.controller.set_memory_budget(self.settings.memory_mb * 2**20)
        self.open(wanted or next(iter(bundled_checkpoints()), ""))

    # Checkpoints

    def open(self, checkpoint: str) -> None:
        """Open a bundled checkpoint by name, or a folder."""
        if not checkpoint:
            return
        is_bundled = checkpoint in bundled_checkpoints()
        self._opening = checkpoint if is_bundled else str(Path(checkpoint).expanduser().resolve())
        self.area.set_hint(self.tr("Opening {}…").format(Path(self._opening).name))
        self.status_line.show_message(self.tr("Opening {}…").format(Path(self._opening).name), is_warning=False)
        self.controller.open(self._opening)

    @Slot()
    def browse(self) -> None:
        """Let the user choose a folder."""
        start = str(Path(self.settings.recent[0]).parent) if self.settings.recent else str(Path.home())
        folder = QFileDialog.getExistingDirectory(self, self.tr("Open a checkpoint"), start)
        if folder:
            self.open(folder)

    @Slot(object)
    def _on_controller_opened(self, info: CheckpointInfo) -> None:
        self.settings = replace(self.settings.with_recent(info.checkpoint), checkpoint=info.checkpoint)
        self.setWindowTitle(f"{info.name} – Headlight")
        self.status_line.set_device(info.device)
        self.status_line.show_message(" ".join((_summary(info), *info.notes)), is_warning=bool(info.notes))
        self._show_gallery()
        self.flow.begin(info)

    @Slot(object)
    def _on_controller_open_failed(self, failure: Failure) -> None:
        if failure.kind != "engine":  # that one is told by the controller already
            self.status_line.show_message(failure.message)
        self._show_gallery()
        if self.controller.checkpoint is None:
            first = next(iter(bundled_checkpoints()), "")
            self.area.set_hint(failure.message)
            if first and first != self._opening:
                self.open(first)
                self.status_line.show_message(failure.message)

    def _show_gallery(self) -> None:
        current = self.controller.checkpoint.checkpoint if self.controller.checkpoint else ""
        self.gallery.set_checkpoints(bundled_checkpoints(), self.settings.recent, current)

    # Input

    @Slot(object, str)
    def _on_flow_tokens_changed(self, tokens: Tokens | None, message: str) -> None:
        info = self.controller.checkpoint
        self.input_bar.token_row.chips.set_tokens(tokens, message, can_mask=bool(info and info.mask_token))
        self.status_line.show_problem_of_input(message)

    @Slot(object)
    def _on_flow_subject_changed(self, subject: Subject) -> None:
        self.area.set_subject(subject)
        self.details.set_subject(subject)

    @Slot(object)
    def _on_area_view_created(self, view: View) -> None:
        self.controller.attach(view)
        view.addActions([self.actions_by_name["copy_current"], self.actions_by_name["export_current"]])
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        # What some views want of the window beyond requests
        wishes = {
            "head_activated": self._on_view_head_activated,
            "swap_requested": self.swap_sentences,
            "input_chosen": self.input_panel.set_input,
            "save_mesh_requested": self.save_mesh,
        }
        for name, slot in wishes.items():
            if signal := getattr(view, name, None):
                signal.connect(slot)

    @Slot(int, int)
    def _on_view_head_activated(self, layer: int, head: int) -> None:
        self.selection.update(layer=layer, head=head)
        self.area.show_view("attention")

    # Commands

    def show_view(self, name: str) -> None:
        self.area.show_view(name)

    def tear_current(self) -> None:
        self.area.toggle_window(self.area.current)

    def show_beside(self) -> None:
        self.area.toggle_beside(self.area.current)

    def step_head(self, heads: int) -> None:
        self.flow.step(0, heads)

    def step_layer(self, layers: int) -> None:
        self.flow.step(layers, 0)

    def toggle_selected_mask(self) -> None:
        info, position = self.controller.checkpoint, self.selection.now.query_pos
        if info is None or not info.mask_token:
            self.status_line.show_message(self.tr("This checkpoint has no mask token."))
        elif position is None:
            self.status_line.show_message(self.tr("Click a token first; it is masked then."))
        else:
            self.selection.toggle_mask(position)

    def clear_masks(self) -> None:
        self.selection.set_masked(())

    def swap_sentences(self) -> None:
        self.input_bar.swap()

    def open_text(self) -> None:
        """Let the user see and change all of the text, and look at that."""
        if self.input_panel.kind != "text":
            self.status_line.show_message(self.tr("This checkpoint reads no text; open another one first."))
            return
        dialog = TextDialog(self.input_bar.first.value(), self.exporting.folder, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.input_bar.look_at(dialog.text())

    def focus_sentence(self) -> None:
        self.input_bar.focus_sentence()

    def ask_again(self) -> None:
        self.status_line.show_message("", is_warning=False)
        if self.controller.checkpoint is None:
            self.open(self._opening)
        self.flow.ask_again()
        for view in (*self.area.views.values(), self.details):
            view.refresh(again=True)

    def cancel(self) -> None:
        if self._runner.is_busy:
            self._runner.cancel_all()
            self.status_line.show_message(self.tr("Cancelled. Press F5 to ask again."), is_warning=False)
            self.area.set_hint(self.tr("Cancelled. Press F5 to ask again."))
        elif self._presentation.is_on:
            self.actions_by_name["set_presentation"].trigger()

    def export_current(self) -> None:
        self.export(self.area.current)

    def copy_current(self) -> None:
        self.copy(self.area.current)

    def export(self, name: str) -> None:
        """Ask where to, and save what a view shows."""
        self.exporting.export(self.area.views.get(name))

    def copy(self, name: str) -> None:
        """Put what a view shows on the clipboard."""
        self.exporting.copy(self.area.views.get(name))

    def save_mesh(self, sample: MeshSample) -> None:
        """Ask where to, and save a mesh, its growth or its tokens."""
        info = self.controller.checkpoint
        self.exporting.save_mesh(sample, info.classes if info else ())

    @Slot(str, bool)
    def _on_exporting_said(self, sentence: str, is_warning: bool) -> None:
        self.status_line.show_message(sentence, is_warning=is_warning)

    def set_caption(self, is_on: bool) -> None:
        self.settings = replace(self.settings, caption=is_on)
        self.exporting.has_caption = is_on

    def set_gallery_visible(self, is_on: bool) -> None:
        self.gallery_dock.setVisible(is_on)

    def set_details_visible(self, is_on: bool) -> None:
        self.details_dock.setVisible(is_on)

    def _check_panels(self) -> None:
        self.actions_by_name["set_gallery_visible"].setChecked(self.gallery_dock.isVisible())
        self.actions_by_name["set_details_visible"].setChecked(self.details_dock.isVisible())

    def set_presentation(self, is_on: bool) -> None:
        """Full screen, large letters, only the input and the views."""
        self._presentation.set_on(is_on)
        self._apply_appearance()

    def scale_font(self, step: int) -> None:
        scale = self.settings.font_scale * 1.1**step if step else 1.0
        self.settings = replace(self.settings, font_scale=round(min(max(scale, 0.7), 3.0), 3))
        self._apply_appearance()

    def set_theme(self, theme: str) -> None:
        self.settings = replace(self.settings, theme=theme)
        self._apply_appearance()

    def _apply_appearance(self) -> None:
        scale = self.settings.font_scale * (LARGER if self._presentation.is_on else 1.0)
        self.appearance.apply(self.settings.theme, scale)

    def set_color_map(self, name: str) -> None:
        self.settings = replace(self.settings, color_map=name)
        self.looks.set_color_map(name)

    def set_memory(self, megabytes: int) -> None:
        """How much of what attention receives may be held; from the next input on."""
        self.settings = replace(self.settings, memory_mb=megabytes)
        self.controller.set_memory_budget(megabytes * 2**20)

    def show_messages(self) -> None:
        text = "\n\n".join(self.status_line.messages) or self.tr("There are no messages.")
        box = QMessageBox(QMessageBox.Icon.NoIcon, self.tr("Messages"), text, parent=self)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.exec()

    def show_shortcuts(self) -> None:
        QMessageBox.information(self, self.tr("Shortcuts"), about.shortcuts_html())

    def show_about(self) -> None:
        QMessageBox.about(self, self.tr("About Headlight"), about.ABOUT)

    # Dropped files, and the state that survives a restart

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if drops.dropped_file(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = drops.dropped_file(event.mimeData())
        if path is not None:
            drops.take(path, self.input_panel.kind, self._drop_targets())

    def _drop_targets(self) -> drops.DropTargets:
        return drops.DropTargets(
            open_checkpoint=self.open,
            open_image=self.input_panel.open_image,
            open_mesh=partial(self.area.open_file, "mesh"),
            look_at_text=self.input_bar.look_at,
            refuse=self.status_line.show_message,
        )

    def _restore(self) -> None:
        """The window as it was left: sizes, tabs, looks and what was typed."""
        settings = self.settings
        self.appearance.apply(settings.theme, settings.font_scale)
        self.looks.set_color_map(settings.color_map)
        self.exporting.has_caption = settings.caption
        self.input_bar.set_text(*((settings.text, settings.text_pair) if settings.text else (SAMPLES[0], "")))
        self.resize(1280, 800)
        # What cannot be restored, from another version say, is refused by Qt and leaves the layout as it is.
        self.restoreGeometry(QByteArray.fromBase64(settings.window.encode()))
        self.restoreState(QByteArray.fromBase64(settings.docks.encode()))
        for name, is_on in (
            ("set_caption", settings.caption),
            (f"set_theme:{settings.theme}", True),
            (f"set_color_map:{settings.color_map}", True),
            (f"set_memory:{settings.memory_mb}", True),
        ):
            if name in self.actions_by_name:
                self.actions_by_name[name].setChecked(is_on)

    def _settings_now(self) -> Settings:
        """The settings that bring the window back into the state it is in."""
        return replace(
            self.settings,
            text=self.input_bar.first.value(),
            text_pair=self.input_bar.second.value(),
            window=self.saveGeometry().toBase64().toStdString(),
            docks=self.saveState().toBase64().toStdString(),
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._presentation.is_on:
            self.set_presentation(False)
        try:
            save_settings(self._settings_now(), self._settings_file)
        except OSError as error:
            self.status_line.show_message(self.tr("The settings could not be saved: {}").format(error.strerror))
        self.area.close_windows()
        self._runner.shutdown()
        super().closeEvent(event)


def _summary(info: CheckpointInfo) -> str:
    size = f"{info.n_parameters / 1e6:.1f} M parameters" if info.n_parameters else ""
    groups = ", ".join(f"{g.title}: {g.n_layers} layers of {max(g.n_heads)} heads" for g in info.groups if g.n_layers)
    return f"{info.name}: {'; '.join(filter(None, (info.architecture, size, groups)))}."
