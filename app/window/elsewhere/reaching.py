"""Reaching another machine to compute on: asks whether it answers, opens a window there, and says where this one is."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.link.controller import Controller
from app.link.jobs import Jobs
from app.link.remote.address import MachineAddress
from app.window.elsewhere.hosts import keep_host, recent_hosts
from app.window.menus.another_window import open_another
from app.window.telling import Telling
from inference.results.events import Failure
from widgets.context import ViewContext

if TYPE_CHECKING:
    from app.window.elsewhere.reach_dialog import ReachDialog


class Reaching(QObject):
    """A machine is asked in a lane of its own, and once it has answered another window computes there.

    Signals
    -------
    help_requested(str)
        Name of the page of help that the user wants to read.
    """

    help_requested = Signal(str)

    def __init__(
        self, controller: Controller, context: ViewContext, telling: Telling, settings_file: Path, window: QWidget
    ) -> None:
        super().__init__(window)
        self._elsewhere, self._context, self._telling, self._window = controller.elsewhere, context, telling, window
        # Which machines there are is known once for all windows, wherever they compute.
        self._file = settings_file if self._elsewhere is None else settings_file.parents[2] / settings_file.name
        self._dialog: ReachDialog | None = None
        self._asking: Jobs | None = None
        if self._elsewhere is not None:
            controller.devices_told.connect(self._on_controller_answered)

    def titled(self, checkpoint: str) -> str:
        """What a window is called that shows a checkpoint."""
        if self._elsewhere is None:
            return f"{checkpoint} – Headlight"
        return self.tr("{} on {} – Headlight").format(checkpoint, self._elsewhere.name)

    def shutdown(self) -> None:
        """End what is being asked."""
        self._give_up()

    def show_dialog(self) -> None:
        """Let the user name a machine."""
        if self._dialog is None:
            from app.window.elsewhere.reach_dialog import ReachDialog  # not before it is wanted

            self._dialog = ReachDialog(self._window)
            self._dialog.reach_requested.connect(self._on_dialog_reach_requested)
            self._dialog.given_up.connect(self._give_up)
            self._dialog.help_requested.connect(partial(self.help_requested.emit, "checkpoints"))
        self._dialog.show_recent(recent_hosts(self._file))
        self._dialog.show()
        self._dialog.activateWindow()

    @Slot(object)
    def _on_dialog_reach_requested(self, address: MachineAddress) -> None:
        from app.link.remote.remote_link import remote_job_link  # not before it is wanted
        from inference.results.hub import CachedRequest

        self._give_up()
        self._asking = Jobs(self, partial(remote_job_link, address), n_at_once=1)
        self._asking.arrived.connect(partial(self._on_asking_arrived, address))
        self._asking.failed.connect(self._on_asking_failed)
        self._asking.submit(CachedRequest())  # the least that an engine answers

    @Slot()
    def _give_up(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.shutdown()
            asking.deleteLater()

    def _on_asking_arrived(self, address: MachineAddress, *_answer: object) -> None:
        if self._dialog is None or self._asking is None:
            return
        self._keep(address)
        if open_another(["--engine", address.text]):
            self._dialog.say(self.tr("{} answers; the window that computes there is coming.").format(address.name))
            self._dialog.close()
        else:
            self._dialog.say(
                self.tr("{} answers, but no process could be started for another window.").format(address.name),
                is_warning=True,
            )

    @Slot(int, object, object)
    def _on_asking_failed(self, _number: int, _request: object, failure: Failure) -> None:
        if self._dialog is not None and self._asking is not None:
            self._dialog.say(failure.message, is_warning=True)

    @Slot()
    def _on_controller_answered(self) -> None:
        """The engine elsewhere has said who it is; again after each line that was made anew."""
        if self._elsewhere is None or (told := self._elsewhere.hello) is None:
            return
        if not self._context.runs_folder:
            self._context.runs_folder = self._elsewhere.kept("runs")
            self._keep(self._elsewhere.address)
            sentence = self.tr("Computing on {} ({}); only results come from there.")
            self._telling.say(sentence.format(self._elsewhere.name, told.about), False, "elsewhere")

    def _keep(self, address: MachineAddress) -> None:
        try:
            keep_host(address, self._file)
        except OSError as error:
            why = (error.strerror or type(error).__name__).lower()
            self._telling.refuse(self.tr("The list of machines could not be kept: {}.").format(why))
