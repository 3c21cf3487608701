"""What the window does with the hub: asks it beside the engine, fetches in the second lane, and opens what came."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from app.hub.watching import FILE_NAME, Watching, neighbour
from app.link.controller import Controller
from app.link.jobs import Jobs
from app.window.opening import Opening
from app.window.telling import Telling
from inference.results.checkpoint import CheckpointInfo, split_precision
from inference.results.devices import Device, DevicesResult
from inference.results.events import Failure
from inference.results.job import JobRequest, JobState
from inference.results.late import Late
from resources import checkpoint_path
from widgets.kit.plain import ask_plain

if TYPE_CHECKING:
    from app.hub.folders_dialog import FoldersDialog
    from app.hub.hub_dialog import HubDialog
    from inference.results import conversion, hub
else:  # no first picture of a window is about the hub
    conversion, hub = Late("inference.results.conversion"), Late("inference.results.hub")

N_QUESTIONS = 4  # at once: a list does not wait for the views of a checkpoint, which take seconds
_NO_PICKLE = ".gguf"
_CONVERTIBLE = (_NO_PICKLE, ".bin", ".pt", ".pth")
CONVERTED = "converted"  # folder beside the settings, of safetensors made of other formats


class Hub(QObject):
    """Wires the dialog to a lane of its own for questions, and to the second lane for downloads.

    Signals
    -------
    help_requested(str)
        Name of the page of help that the user wants to read.
    """

    help_requested = Signal(str)

    def __init__(
        self,
        opening: Opening,
        controller: Controller,
        jobs: Jobs,
        telling: Telling,
        settings_file: Path,
        dialog_parent: QWidget,
        asking: Jobs | None = None,
    ) -> None:
        super().__init__(dialog_parent)
        self._opening, self._controller, self._jobs, self._telling = opening, controller, jobs, telling
        self._dialog_parent = dialog_parent
        self._dialog: HubDialog | None = None
        self.watching = Watching(settings_file.with_name(FILE_NAME), self)
        self._asking = asking or jobs.another(self, N_QUESTIONS)
        self._kept = str(settings_file.with_name(CONVERTED))
        self._folders: FoldersDialog | None = None
        self._asking.arrived.connect(self._on_asking_arrived)
        self._asking.failed.connect(self._on_asking_failed)
        self._asking.changed.connect(self._on_asking_changed)
        jobs.added.connect(self._on_jobs_changed)
        jobs.changed.connect(self._on_jobs_changed)
        jobs.arrived.connect(self._on_jobs_arrived)
        self.watching.came.connect(self._on_watching_came)
        self._device: Device | None = None
        controller.devices_told.connect(self._on_controller_devices_told)
        controller.opened.connect(self._on_controller_opened)
        opening.browse_elsewhere.connect(self._on_opening_browse_elsewhere)

    def shutdown(self) -> None:
        """End what is being asked."""
        self._asking.shutdown()

    # Commands

    def show_hub(self) -> None:
        """Let the user name a checkpoint of the hub."""
        dialog = self._made()
        dialog.show_page(dialog.hub)
        dialog.hub.focus_address()

    def show_machine(self) -> None:
        """Show what is on this machine."""
        dialog = self._made()
        dialog.show_page(dialog.machine)
        self._list()

    def convert_file(self) -> None:
        """Let the user choose a file of weights in another format, and open the folder that is made of it."""
        if (elsewhere := self._controller.elsewhere) is not None:
            sentence = self.tr("Files of this machine are converted in a window that computes here, and not on {}.")
            self._telling.refuse(sentence.format(elsewhere.name))
            return
        filters = self.tr("Weights ({})").format(" ".join(f"*{ending}" for ending in _CONVERTIBLE))
        title, home = self.tr("Convert weights"), str(Path.home())
        path, _ = QFileDialog.getOpenFileName(self._dialog_parent, title, home, filters)
        if path and (path.endswith(_NO_PICKLE) or self._may_read_pickles()):
            self._convert(path)

    def _may_read_pickles(self) -> bool:
        from app.hub.hub_page import PICKLES  # not before it is asked

        question = self.tr(PICKLES)
        return ask_plain(self._dialog_parent, "convert_ask", self.tr("Convert"), question, self.tr("&Convert"))

    def show_open(self) -> None:
        """Show facts and the card of the checkpoint that is open."""
        dialog = self._made()
        dialog.show_page(dialog.now)
        self._controller.ask_for_devices()

    def step(self, n: int) -> None:
        """Open the checkpoint that the same training run wrote so many steps later, or before."""
        info = self._controller.checkpoint
        folder, why = neighbour(info.checkpoint, n) if info else ("", self.tr("no checkpoint is open"))
        if folder:
            self._opening.open(folder)
        self._telling.refuse(self.tr("There is no other step: {}.").format(why) if why else "")

    # The dialog

    def _made(self) -> HubDialog:
        if self._dialog is None:
            from app.hub.hub_dialog import HubDialog  # not before it is wanted

            elsewhere = self._controller.elsewhere
            self._dialog = HubDialog(self.watching, self._dialog_parent, elsewhere.name if elsewhere else "")
            self._dialog.open_requested.connect(self._opening.open)
            self._dialog.help_requested.connect(partial(self.help_requested.emit, "checkpoints"))
            self._dialog.hub.look_requested.connect(self._on_hub_look_requested)
            self._dialog.hub.download_requested.connect(self._jobs.submit)
            self._dialog.hub.job_action_requested.connect(self._jobs.act)
            self._dialog.machine.views_requested.connect(self._on_machine_views_requested)
            self._dialog.machine.convert_requested.connect(self._convert)
            self._dialog.machine.delete_requested.connect(self._asking.submit)
            self._dialog.machine.list_requested.connect(self._list)
            self._dialog.machine.steps_requested.connect(self._on_machine_steps_requested)
            if self._device is not None:
                self._dialog.set_device(self._device)
            self._on_controller_opened()
        return self._dialog

    @Slot()
    def _list(self) -> None:
        self._asking.submit(hub.CachedRequest())
        if self._dialog is not None:
            self._dialog.machine.ask_for_steps()

    @Slot(str)
    def _on_machine_steps_requested(self, folder: str) -> None:
        self._asking.submit(hub.FolderRequest(folder))

    @Slot(str)
    def _on_opening_browse_elsewhere(self, folder: str) -> None:
        elsewhere = self._controller.elsewhere
        if elsewhere is None:
            return
        if self._folders is None:
            from app.hub.folders_dialog import FoldersDialog  # not before it is wanted

            self._folders = FoldersDialog(elsewhere.name, self._dialog_parent)
            self._folders.folder_requested.connect(self._asking.submit)
            self._folders.open_requested.connect(self._opening.open)
        self._folders.go_to(folder)
        self._folders.show()
        self._folders.activateWindow()

    @Slot(object)
    def _on_hub_look_requested(self, request: hub.RepoRequest) -> None:
        for state in self._asking.states:
            if isinstance(state.request, hub.RepoRequest):  # nobody wants to know any more
                self._asking.cancel(state.number)
        self._asking.submit(request)

    @Slot(str)
    def _on_machine_views_requested(self, folder: str) -> None:
        self._asking.submit(hub.FolderViewsRequest(folder))

    @Slot(str)
    def _convert(self, folder: str) -> None:
        elsewhere = self._controller.elsewhere
        self._jobs.submit(conversion.ConvertRequest(folder, elsewhere.kept(CONVERTED) if elsewhere else self._kept))

    def _card(self, folder: str) -> str:
        """What the makers of a checkpoint wrote; on another machine it is asked for, and comes later."""
        if self._controller.elsewhere is not None:
            self._asking.submit(hub.FolderRequest(folder))
            return ""
        from inference.files.model_card import card_text

        return card_text(checkpoint_path(folder))

    # Answers

    @Slot(object)
    def _on_controller_devices_told(self, result: DevicesResult) -> None:
        self._device = result.current
        if self._dialog is not None:
            self._dialog.set_device(result.current)

    @Slot()
    def _on_controller_opened(self) -> None:
        if self._dialog is not None and (info := self._controller.checkpoint) is not None:
            self._dialog.now.show_info(info, self._card(split_precision(info.checkpoint)[0]))

    @Slot(int, object, object, bool)
    def _on_asking_arrived(self, _number: int, request: JobRequest, result: object, is_partial: bool) -> None:
        if isinstance(request, hub.FolderRequest) and isinstance(result, hub.FolderResult):
            self._show_folder(request, result)
        if self._dialog is None:
            return
        if isinstance(request, hub.RepoRequest) and isinstance(result, hub.RepoResult):
            self._dialog.hub.show_found(request, result)
        elif isinstance(result, hub.CachedResult):
            self._dialog.machine.show_cached(result)
        elif isinstance(request, hub.FolderViewsRequest) and isinstance(result, CheckpointInfo):
            self._dialog.machine.show_info(request.folder, result, self._card(request.folder))
        elif isinstance(result, hub.DeleteCachedResult):
            self._list()

    def _show_folder(self, request: hub.FolderRequest, found: hub.FolderResult) -> None:
        if self._folders is not None:
            self._folders.show_folder(request, found)
        if self._dialog is None:
            return
        self._dialog.machine.show_steps(found)
        if self._controller.elsewhere is not None:
            self._dialog.machine.show_card(request.folder, found.card)
            info = self._controller.checkpoint
            if info is not None and request.folder == split_precision(info.checkpoint)[0]:
                self._dialog.now.show_card(found.card)

    @Slot(int, object, object)
    def _on_asking_failed(self, _number: int, request: JobRequest, failure: Failure) -> None:
        if self._folders is not None and isinstance(request, hub.FolderRequest):
            self._folders.show_failure(request, failure.message)
        if self._dialog is None or isinstance(request, hub.FolderRequest):
            return
        if isinstance(request, hub.RepoRequest):
            self._dialog.hub.show_failure(request, failure.message)
        elif isinstance(request, hub.FolderViewsRequest):
            self._dialog.machine.show_failure(request.folder, failure.message)
        else:
            self._dialog.machine.say(failure.message, is_warning=True)

    @Slot(object)
    def _on_asking_changed(self, state: JobState) -> None:
        is_told = not state.phase.is_over
        if self._dialog is not None and isinstance(state.request, hub.RepoRequest) and state.progress and is_told:
            self._dialog.hub.show_progress(state.request, state.progress.label)

    @Slot(object)
    def _on_jobs_changed(self, state: JobState) -> None:
        if self._dialog is not None and isinstance(state.request, hub.DownloadRequest):
            self._dialog.hub.show_job(state)

    @Slot(int, object, object, bool)
    def _on_jobs_arrived(self, _number: int, request: JobRequest, result: object, is_partial: bool) -> None:
        if isinstance(result, hub.DownloadResult) and result.to_convert:
            self._convert(result.to_convert)
        elif isinstance(result, hub.DownloadResult) and self._dialog is not None:
            self._dialog.hub.show_downloaded(result.repo, result.folder)
        elif isinstance(result, conversion.ConvertResult):
            self._opening.open(result.folder)
        else:
            return
        if self._dialog is not None and self._dialog.isVisible():
            self._list()

    @Slot(str)
    def _on_watching_came(self, folder: str) -> None:
        sentence = self.tr("{} is whole now: step to it with Alt+Page down, or open it from the list of this machine.")
        self._telling.say(sentence.format(Path(folder).name), False, "watched")
