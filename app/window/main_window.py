"""The window: panels round the views, and what the commands do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QFileDialog, QMainWindow, QMessageBox, QVBoxLayout, QWidget

from app.export import exporting
from app.link.controller import Controller
from app.link.jobs import Jobs
from app.link.runner import Runner
from app.window import about, drops, text_dialog, window_state
from app.window.actions import build_menus, set_view_shortcuts
from app.window.appearance import Appearance
from app.window.presentation import LARGER, Presentation
from app.window.settings import load_settings, save_settings
from app.window.view_area import ViewArea
from app.window.warm_up import WarmUp
from inference.results.checkpoint import CheckpointInfo
from inference.results.events import Failure
from inference.results.inputs import Input
from inference.results.mesh import MeshSample
from inference.results.tokens import Tokens
from resources import ROOT, SAMPLES, bundled_checkpoints
from widgets.context import ViewContext
from widgets.kit.head_steps import step
from widgets.panels.details import DetailsPanel
from widgets.panels.gallery import Gallery
from widgets.panels.input_panel import InputPanel
from widgets.panels.jobs_list import JobsList
from widgets.panels.status_line import StatusLine
from widgets.selection import Selected, Selection
from widgets.subject import Subject
from widgets.view import View


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
        self._input = Input()
        self.export_folder = Path.home()

        self.selection = Selection(self)
        self.context = ViewContext(self.selection, parent=self)
        self.jobs = Jobs(self)
        self.controller = Controller(runner, self.jobs, self)
        self.gallery = Gallery()
        self.input_panel = InputPanel(self.context, SAMPLES)
        self.input_bar = self.input_panel.text
        self.area = ViewArea(self.context)
        self.details = DetailsPanel(self.context)
        self.jobs_list = JobsList()
        self.status_line = StatusLine()
        self._build()
        self.actions_by_name = build_menus(self)
        panels = (self.gallery_dock, self.details_dock, self.menuBar(), self.statusBar(), self.input_bar.token_row)
        self._presentation = Presentation(self, panels, tuple(self.actions_by_name.values()))
        self._connect()
        window_state.restore(self)
        self._show_gallery()

    # Building

    def _build(self) -> None:
        centre = QWidget(self)
        layout = QVBoxLayout(centre)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.input_panel)
        layout.addWidget(self.area, 1)
        layout.addWidget(self.jobs_list)
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
        self.input_panel.input_changed.connect(self._on_input_panel_input_changed)
        self.input_panel.bar_created.connect(self.controller.attach)
        self.input_bar.mask_toggled.connect(self.selection.toggle_mask)
        self.input_bar.editor_requested.connect(self.open_text)
        self.selection.masked_changed.connect(self._on_selection_masked_changed)
        self.selection.changed.connect(self._on_selection_changed)
        self.area.view_created.connect(self._on_area_view_created)
        self.context.view_requested.connect(self.area.show_view)
        self.context.input_requested.connect(self.input_panel.set_input)
        self.context.save_requested.connect(self.save_mesh)
        self.context.swap_requested.connect(self.swap_sentences)
        self.area.offered_changed.connect(partial(set_view_shortcuts, self.actions_by_name))
        self.area.export_requested.connect(self.export)
        self.area.copy_requested.connect(self.copy)
        self.controller.attach(self.details)
        self.controller.opened.connect(self._on_controller_opened)
        self.controller.open_failed.connect(self._on_controller_open_failed)
        self.controller.tokenized.connect(self._on_controller_tokenized)
        self.controller.noticed.connect(self.status_line.show_message)
        self.controller.progressed.connect(self.status_line.show_progress)
        self.controller.memory_told.connect(self.status_line.show_memory)
        self.status_line.cancel_requested.connect(self.cancel)
        self.status_line.log_requested.connect(self.show_messages)
        self._runner.busy_changed.connect(self.status_line.set_busy)
        self.jobs.added.connect(self.jobs_list.add_job)
        self.jobs.changed.connect(self.jobs_list.show_job)
        self.jobs.count_changed.connect(self.status_line.show_job_count)
        self.jobs_list.action_requested.connect(self.jobs.act)
        self.status_line.jobs_requested.connect(self.jobs_list.focus_first)
        self.controller.job_done.connect(partial(self.status_line.show_message, is_warning=False))

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
        self._step(0, 0)
        self.input_panel.set_checkpoint(info)
        self._show_gallery()
        self._ask_for_tokens(self.input_panel.input(), keep_masks=False)

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

    @Slot(object)
    def _on_input_panel_input_changed(self, input: Input) -> None:
        self._ask_for_tokens(input, keep_masks=False)

    @Slot(tuple)
    def _on_selection_masked_changed(self, _positions: tuple[int, ...]) -> None:
        self._ask_for_tokens(self.input_panel.input(), keep_masks=True)

    def _ask_for_tokens(self, input: Input, *, keep_masks: bool) -> None:
        if not keep_masks:
            self.selection.blockSignals(True)
            self.selection.set_masked(())
            self.selection.blockSignals(False)
        if self.controller.checkpoint is None:
            return
        if input.text is not None:
            if not input.text.text.strip() and input.text.token_ids is None:
                self.input_bar.token_row.chips.set_tokens(None)
                return
            input = replace(input, text=replace(input.text, masked=self.selection.masked))
        self._input = input
        self.controller.tokenize(self._input)

    @Slot(object, str)
    def _on_controller_tokenized(self, tokens: Tokens | None, message: str) -> None:
        info = self.controller.checkpoint
        assert info
        self.input_bar.token_row.chips.set_tokens(tokens, message, can_mask=bool(info.mask_token))
        self.status_line.show_problem_of_input(message)
        if tokens is None:
            self.area.refuse(info, message)
            self.details.refuse(message)
            return
        n = len(tokens)
        now = self.selection.now
        axis = info.groups[0].query_axis if info.groups else "text"
        self.input_bar.token_row.chips.axis = axis
        if not all(place is None or place.axis != axis or place.index < n for place in (now.query, now.key)):
            self.selection.update(query=None, key=None)
        subject = Subject(info, self._input)
        self.area.set_subject(subject)
        self.details.set_subject(subject)

    @Slot(object, object)
    def _on_selection_changed(self, now: Selected, old: Selected) -> None:
        # Another group, or a layer with fewer heads: what is selected must exist.
        if now.group != old.group or now.layer != old.layer:
            self._step(0, 0)

    @Slot(object)
    def _on_area_view_created(self, view: View) -> None:
        self.controller.attach(view)
        view.addActions([self.actions_by_name["copy_current"], self.actions_by_name["export_current"]])
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    # Commands

    def show_view(self, name: str) -> None:
        self.area.show_view(name)

    def tear_current(self) -> None:
        dock = self.area.docks[self.area.current]
        dock.setFloating(not dock.isFloating())

    def step_head(self, heads: int) -> None:
        self._step(0, heads)

    def step_layer(self, layers: int) -> None:
        self._step(layers, 0)

    def _step(self, layers: int, heads: int) -> None:
        if (info := self.controller.checkpoint) and info.groups:
            step(info, self.selection, layers, heads)

    def toggle_selected_mask(self) -> None:
        info, query = self.controller.checkpoint, self.selection.now.query
        if info is None or not info.mask_token:
            self.status_line.show_message(self.tr("This checkpoint has no mask token."))
        elif query is None or query.axis != self.input_bar.token_row.chips.axis:
            self.status_line.show_message(self.tr("Click a token first; it is masked then."))
        else:
            self.selection.toggle_mask(query.index)

    def clear_masks(self) -> None:
        self.selection.set_masked(())

    def swap_sentences(self) -> None:
        self.input_bar.swap()

    def open_text(self) -> None:
        text_dialog.edit(self)

    def focus_sentence(self) -> None:
        self.input_bar.focus_sentence()

    def ask_again(self) -> None:
        self.status_line.show_message("", is_warning=False)
        if self.controller.checkpoint is None:
            self.open(self._opening)
        self._ask_for_tokens(self.input_panel.input(), keep_masks=True)
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
        exporting.export(self, self.area.views.get(name))

    def copy(self, name: str) -> None:
        """Put what a view shows on the clipboard."""
        exporting.copy(self, self.area.views.get(name))

    def save_mesh(self, _sample: MeshSample) -> None:
        """Ask where to, and save a mesh, its growth or its tokens."""
        exporting.export(self, self.area.views.get("mesh"), first="obj")

    def set_caption(self, is_on: bool) -> None:
        self.settings = replace(self.settings, caption=is_on)

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
        self.context.looks.set_color_map(name)

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

    # Dropped folders, and the end

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        drops.take(self, Path(next(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())))

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._presentation.is_on:
            self.set_presentation(False)
        try:
            save_settings(window_state.settings_now(self), self._settings_file)
        except OSError as error:
            self.status_line.show_message(self.tr("The settings could not be saved: {}").format(error.strerror))
        self.jobs.shutdown()
        self._runner.shutdown()
        super().closeEvent(event)


def _summary(info: CheckpointInfo) -> str:
    size = f"{info.n_parameters / 1e6:.1f} M parameters" if info.n_parameters else ""
    groups = ", ".join(f"{g.title}: {g.n_layers} layers of {max(g.n_heads)} heads" for g in info.groups if g.n_layers)
    return f"{info.name}: {'; '.join(filter(None, (info.architecture, size, groups)))}."
