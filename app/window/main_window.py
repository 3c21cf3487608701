"""The window: panels round the views, and what the commands do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QIcon, QPaintEvent, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMainWindow, QWidget

from app import VERSION
from app.export.exporting import Exporting
from app.hub.hub import Hub
from app.link.controller import Controller
from app.link.first_answers import FirstAnswers
from app.link.jobs import Jobs
from app.link.result_cache import FILE_NAME as CACHE_FILE
from app.link.result_cache import ResultCache
from app.link.runner import Runner
from app.window import about
from app.window.actions import CLOSE_KEY, LastKeys, build_menus, check_actions, set_view_shortcuts
from app.window.appearance import LARGER, Appearance, CtrlWheel
from app.window.drops import Drops, DropTargets
from app.window.editing.editing import Editing
from app.window.editing.history import History
from app.window.elsewhere.reaching import Reaching
from app.window.finding.finding import Finding
from app.window.help.helping import Helping
from app.window.menus.filing import Filing, kept_image
from app.window.menus.going import Going
from app.window.menus.leaving import Leaving
from app.window.menus.panel_round import PanelRound
from app.window.opening import ContextActions, Opening
from app.window.placement import keep_on_screen, restore_layout, with_layout
from app.window.presenting.notice import Notice
from app.window.presenting.presentation import Presentation
from app.window.running.running import Running
from app.window.session import FILE_NAME, SessionKeeper
from app.window.settings import KeptSettings, Settings, why_not_kept
from app.window.side_panels import SidePanels, panel_dock
from app.window.subject_flow import SubjectDisplay, SubjectFlow
from app.window.telling import Telling
from app.window.view_area import ViewArea
from inference.results.checkpoint import CheckpointInfo, split_precision
from inference.results.inputs import Input
from resources import ROOT, SAMPLES, bundled_checkpoints
from widgets.context import ViewContext
from widgets.kit.layouts import fill_column
from widgets.look.focus_ring import FocusRings
from widgets.panels.details import DetailsPanel
from widgets.panels.gallery import Gallery
from widgets.panels.input_panel import InputPanel
from widgets.panels.jobs_list import JobsList
from widgets.panels.status_line import StatusLine
from widgets.selection import Selection
from widgets.view import View
from widgets.view_entry import ViewEntry
from widgets.views.home.cards import BY_NAME


class MainWindow(QMainWindow):
    """Gallery on the left, input above, views in the middle, details on the right, messages below.

    Signals
    -------
    painted()
        Once, after the first picture of the window is on screen.
    """

    painted = Signal()

    def __init__(self, runner: Runner, settings_file: Path, first_checkpoint: str = "", device: str = "") -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("Headlight")
        self.setWindowIcon(QIcon(str(ROOT / "icons" / "headlight.svg")))
        self._settings_file = settings_file
        self._kept = KeptSettings(settings_file)
        self.settings = self._kept.begun
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self.appearance = Appearance(application)
        self._runner = runner
        self._first_checkpoint, self._first_device = first_checkpoint, device
        self._is_started = False
        FocusRings(self)

        self.selection = Selection(self)
        runs = "" if runner.elsewhere else str(settings_file.with_name("runs"))
        self.context = ViewContext(self.selection, parent=self, runs_folder=runs)
        self.jobs = Jobs(self, runner.job_link)
        self.exporting = Exporting(self, settings_file)
        cache = ResultCache(settings_file.with_name(CACHE_FILE), VERSION)
        self.controller = Controller(runner, self.jobs, self, cache=cache, first_answers=FirstAnswers())
        self.gallery = Gallery()
        self.input_panel = InputPanel(self.context, SAMPLES)
        self.input_bar = self.input_panel.text
        self.opening = Opening(self.controller, self.gallery, self.context, self)
        self.flow = SubjectFlow(self.controller, self.selection, self.input_panel, self)
        self.area = ViewArea(partial(ViewEntry.create, context=self.context))
        self._session = SessionKeeper(settings_file.with_name(FILE_NAME), self.area)
        self.details = DetailsPanel(self.context)
        self.jobs_list = JobsList()
        self.status_line = StatusLine()
        self.telling = Telling(
            self.status_line,
            controller=self.controller,
            runner=runner,
            jobs=self.jobs,
            flow=self.flow,
            opening=self.opening,
            exporting=self.exporting,
            selection=self.selection,
            parent=self,
        )
        self.history = History(
            self.controller, self.opening, self.flow, self.selection, self.input_panel, self.area, self
        )
        self.editing = Editing(self.history, self.exporting, self.selection, self.area, self)
        self.going = Going(self.flow, self.selection, self.input_panel, self.exporting, self.telling, self)
        self.filing = Filing(
            self.controller, self.opening, self.input_panel, self.exporting, self.telling, self.area, self
        )
        self.filing.keep_looks = lambda: self._kept.save_looks(self.settings)
        self.finding = Finding(self.context, self.opening, self.input_panel, SAMPLES, self)
        self.running = Running(self.controller, self.opening, self.telling, self.status_line, self)
        self.reaching = Reaching(self.controller, self.context, self.telling, settings_file, self)
        self.hub = Hub(self.opening, self.controller, self.jobs, self.telling, settings_file, self)
        self.leaving = Leaving(self.jobs, self)
        self._build()
        self.helping = Helping(self.context, self.area, (self.gallery, self.input_panel, self.details), self)
        before = self.gallery, self.input_panel, self.input_panel.column
        self.round = PanelRound(before, self.area, (self.jobs_list, self.details), self)
        Notice(self.status_line, self)
        bars = self.menuBar(), self.statusBar(), self.input_bar.token_row
        self.presentation = Presentation(self, bars, self.panels.put_away)
        self.actions_by_name = build_menus(self)
        for part in (self.editing, self.filing, self.finding, self.running, self.presentation, self.panels):
            part.set_actions(self.actions_by_name)
        last_keys = LastKeys(self.actions_by_name.values(), self.telling.say_why_off, self)
        last_keys.watch(self, self.gallery_dock, self.details_dock)
        targets = DropTargets(
            self.opening.open_dropped,
            self.input_panel.open_images,
            self.input_panel.open_sound,
            self.input_panel.open_film,
            partial(self._open_in, "mesh"),
            partial(self._open_in, "embedding"),
            self.input_panel.look_at_text,
            partial(self.telling.say, is_warning=True, about="drop"),
        )
        self.area.set_window_actions(last_keys, Drops(self, lambda: self.input_panel.kinds, targets))
        self._connect()
        self._restore()
        self._show_recent()
        self.opening.announce(first_checkpoint or self.settings.checkpoint)

    def _build(self) -> None:
        centre, middle = QWidget(self), QWidget(self)
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.input_panel.column, 2)
        row.addWidget(self.area, 7)
        fill_column(centre, middle, self.input_panel, middle, self.jobs_list)
        self.setCentralWidget(centre)
        sides = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.gallery_dock = panel_dock(self.tr("Checkpoints"), self.gallery, sides[0], self)
        self.details_dock = panel_dock(self.tr("Selected"), self.details, sides[1], self)
        self.panels = SidePanels(self, self.gallery_dock, self.details_dock)
        self.statusBar().addWidget(self.status_line, 1)
        self.statusBar().setSizeGripEnabled(False)

    def _connect(self) -> None:
        self.opening.opened.connect(self._on_opening_opened)
        self.opening.hint_changed.connect(self.area.set_hint)
        self.input_panel.bar_created.connect(self.controller.attach)
        self.input_bar.mask_toggled.connect(self.selection.toggle_mask)
        self.input_bar.editor_requested.connect(self.going.open_text)
        SubjectDisplay(
            self.flow,
            self.controller,
            area=self.area,
            details=self.details,
            text_bar=self.input_bar,
            status_line=self.status_line,
            parent=self,
        )
        self.opening.begun.connect(self.flow.await_checkpoint)
        self.input_panel.input_changed.connect(self._on_input_changed)
        self.exporting.caption_changed.connect(self.actions_by_name["set_caption"].setChecked)
        self.exporting.caption_changed.connect(self.set_caption)
        for part in (self.hub, self.reaching):
            part.help_requested.connect(self.helping.show_page_of)
        self.running.kept.connect(self._on_running_kept)
        self.filing.forget_requested.connect(self._forget_recent)
        self.area.view_created.connect(self._on_area_view_created)
        self.context_actions = ContextActions(
            self.context, self.controller, self.opening, self.exporting, self.input_panel, self.flow, self.area, self
        )
        self.area.offered_changed.connect(partial(set_view_shortcuts, self.actions_by_name))
        self.area.export_requested.connect(self.filing.export)
        self.area.copy_requested.connect(self.filing.copy)
        self.area.drag_requested.connect(self.filing.drag)
        CtrlWheel(self.scale_font, self)
        how_to_close = self.tr("Ctrl+W closes the windows of views and the help. To close Headlight, press Ctrl+Q.")
        QShortcut(CLOSE_KEY, self, partial(self.telling.say_why_off, how_to_close))
        self.controller.attach(self.details)
        self.status_line.cancel_requested.connect(self.cancel)
        self.presentation.changed.connect(self._on_presentation_changed)
        self._runner.busy_changed.connect(self._judge_cancel)
        self._judge_cancel()
        self.status_line.log_requested.connect(self.show_messages)
        self.jobs.added.connect(self.jobs_list.add_job)
        self.jobs.changed.connect(self.jobs_list.show_job)
        self.jobs_list.action_requested.connect(self.jobs.act)
        self.status_line.jobs_requested.connect(self.jobs_list.focus_first)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._is_started:
            self._is_started = True
            # Behind the first paint, so that nothing is imported or spawned before the window is on screen.
            QTimer.singleShot(0, self._on_first_painted)

    @Slot()
    def _on_first_painted(self) -> None:
        self.painted.emit()
        keep_on_screen(self)  # only now it has a frame
        self.status_line.show_message(self._kept.notice)
        self.status_line.show_message(why_not_kept(self._settings_file))
        self.running.begin(self.settings, self._first_device)
        self.opening.open_first(self._first_checkpoint or self.settings.checkpoint)
        # Only now: what the last session showed is there already, and a process that starts takes a core for seconds.
        QTimer.singleShot(0, self._runner.start)

    # What is looked at

    def open(self, checkpoint: str) -> None:
        """Open a bundled checkpoint by name, or a folder."""
        self.opening.open(checkpoint)

    @Slot(object)
    def _on_opening_opened(self, info: CheckpointInfo) -> None:
        place, _ = split_precision(info.checkpoint)
        if not (self.settings.checkpoint or self._first_checkpoint):  # nobody chose it
            self._kept.begun = replace(self._kept.begun, checkpoint=info.checkpoint)
        if place not in bundled_checkpoints():  # those are listed anyway
            self.settings = self.settings.with_recent(place)
        self.settings = replace(self.settings, checkpoint=info.checkpoint)
        self._show_recent()
        self.setWindowTitle(self.reaching.titled(info.name))
        restored = self._session.restored(info)
        self.flow.begin(info, self.history.restored(info) or restored)
        self.history.settle()
        self.status_line.show_message(self._session.notice)

    @Slot(object)
    def _on_input_changed(self, input: Input) -> None:
        if (image := kept_image(input)) and image != self.settings.recent_images[:1]:
            self.settings = self.settings.with_recent_image(image)
            self._show_recent()

    @Slot(str, object)
    def _on_running_kept(self, name: str, value: object) -> None:
        self.settings = replace(self.settings, **{name: value})

    def _show_recent(self) -> None:
        self.opening.set_recent(self.settings.recent)
        self.filing.show_recent(self.settings.recent, self.settings.recent_images)

    @Slot()
    def _forget_recent(self) -> None:
        self.settings = replace(self.settings, recent=(), recent_images=())
        self._show_recent()

    def _open_in(self, view: str, path: str) -> None:
        if self.controller.checkpoint is not None:
            self.area.open_file(view, path, self.controller.checkpoint)

    @Slot(object)
    def _on_area_view_created(self, view: View) -> None:
        self.controller.attach(view)
        if view.looks_at_boxes:
            self.input_panel.show_boxes_with(view)
        names = "editing.copy_picture", "editing.copy_numbers", "filing.export_current"
        view.addActions([self.actions_by_name[name] for name in names])
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    # Commands

    def show_view(self, name: str) -> None:
        self.area.show_view(name)

    def open_card(self, name: str) -> None:
        """Show what a card of the lecture names."""
        self.context_actions.show_example(BY_NAME[name].example)

    def tear_current(self) -> None:
        self.area.toggle_window(self.area.current)

    def show_beside(self) -> None:
        self.area.toggle_beside(self.area.current)

    def ask_again(self) -> None:
        self.telling.begin_again()
        self.opening.open_again()
        self.flow.ask_again()
        self.controller.ask_again()

    def cancel(self) -> None:
        if self._runner.is_busy:
            self._runner.cancel_all()
            self.telling.say(self.tr("Cancelled. Press F5 to ask again."), False, "cancelled")
            self.area.set_hint(self.tr("Cancelled. Press F5 to ask again."))
        else:
            self.presentation.set_on(False)

    @Slot()
    def _judge_cancel(self) -> None:
        cancel, can = self.actions_by_name["cancel"], self._runner.is_busy or self.presentation.is_on
        cancel.setEnabled(can)
        cancel.setToolTip("" if can else self.tr("Nothing is being computed."))

    def set_caption(self, is_on: bool) -> None:
        self.settings = replace(self.settings, caption=is_on)
        self.exporting.has_caption = is_on

    @Slot(bool)
    def _on_presentation_changed(self, is_on: bool) -> None:
        """Full screen, large letters, only the input and the views."""
        self.actions_by_name["presentation.set_on"].setChecked(is_on)
        self._judge_cancel()
        self.input_panel.set_beside(is_on)
        self._apply_appearance()

    def scale_font(self, step: int) -> None:
        scale = self.settings.font_scale * 1.1**step if step else 1.0
        self.settings = replace(self.settings, font_scale=round(min(max(scale, 0.7), 3.0), 3))
        self._apply_appearance()

    def set_theme(self, theme: str) -> None:
        self.settings = replace(self.settings, theme=theme)
        self._apply_appearance()

    def _apply_appearance(self) -> None:
        scale = self.settings.font_scale * (LARGER if self.presentation.is_on else 1.0)
        self.appearance.apply(self.settings.theme, scale)

    def set_color_map(self, name: str) -> None:
        self.settings = replace(self.settings, color_map=name)
        self.context.looks.set_color_map(name)

    def show_messages(self) -> None:
        about.show_messages(self, self.status_line.messages)
        self.status_line.mark_read()

    def show_shortcuts(self) -> None:
        about.show_shortcuts(self, self.actions_by_name)

    def show_about(self) -> None:
        about.show_about(self)

    # What survives a restart

    def _restore(self) -> None:
        """The window as it was left: sizes, tabs, looks and what was typed."""
        settings = self.settings
        self.appearance.apply(settings.theme, settings.font_scale)
        self.context.looks.set_color_map(settings.color_map)
        self.exporting.has_caption = settings.caption
        self.input_bar.set_text(*((settings.text, settings.text_pair) if settings.text else (SAMPLES[0], "")))
        text, text_pair = self.input_bar.sentences()
        self._kept.begun = replace(settings, text=text, text_pair=text_pair)
        restore_layout(self, settings)
        self.panels.take_over()
        self._session.restore_layout(self._first_checkpoint or settings.checkpoint)
        check_actions(self.actions_by_name, settings)

    def _settings_now(self) -> Settings:
        """The settings that bring the window back into the state it is in."""
        self.panels.fit(is_wide=True)  # what only stepped aside is there again the next time
        text, text_pair = self.input_bar.sentences()
        return with_layout(replace(self.settings, text=text, text_pair=text_pair), self)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.presentation.set_on(False)
        try:
            self._kept.save(self._settings_now())
            now, masked = self.selection.now, self.selection.masked
            self._session.save(self.controller.checkpoint, now, masked, self.input_panel.input())
        except OSError as error:
            self.status_line.show_message(self.tr("The settings could not be saved: {}").format(error.strerror))
        self.controller.write_cache()
        self.area.close_windows()
        for part in (self.exporting, self.jobs, self.hub, self.reaching, self._runner):
            part.shutdown()
        super().closeEvent(event)
