"""What is looked at, told to all that show it: views, details, token row, status line."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from app.link.controller import Controller
from app.window.subject_flow import SubjectFlow, token_axis
from app.window.view_area import ViewArea
from inference.results.checkpoint import CheckpointInfo
from inference.results.tokens import Tokens
from widgets.panels.details import DetailsPanel
from widgets.panels.status_line import StatusLine
from widgets.panels.token_row import TokenRow
from widgets.subject import Subject


class SubjectDisplay(QObject):
    """Lets all parts of the window follow a `SubjectFlow`: nothing stands undimmed under another input than its own."""

    def __init__(
        self,
        flow: SubjectFlow,
        controller: Controller,
        *,
        area: ViewArea,
        details: DetailsPanel,
        token_row: TokenRow,
        status_line: StatusLine,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._area, self._details, self._token_row, self._status_line = area, details, token_row, status_line
        flow.tokens_changed.connect(self._on_flow_tokens_changed)
        flow.subject_changed.connect(self._on_flow_subject_changed)
        flow.refused.connect(self._on_flow_refused)
        flow.awaited.connect(self._on_flow_awaited)

    @Slot(object, str)
    def _on_flow_tokens_changed(self, tokens: Tokens | None, message: str) -> None:
        info = self._controller.checkpoint
        chips = self._token_row.chips
        chips.set_tokens(tokens, message, can_mask=bool(info and info.mask_token))
        if info is not None:
            chips.axis = token_axis(info)
        self._token_row.veil.lift()
        self._status_line.show_problem_of_input(message)

    @Slot(object)
    def _on_flow_subject_changed(self, subject: Subject) -> None:
        self._area.set_subject(subject)
        self._details.set_subject(subject)

    @Slot(object, str)
    def _on_flow_refused(self, info: CheckpointInfo, why: str) -> None:
        self._area.refuse(info, why)
        self._details.refuse(why)

    @Slot(str)
    def _on_flow_awaited(self, why: str) -> None:
        self._area.hold(why)
        self._details.refuse(why)
        if why and self._token_row.chips.has_tokens:
            self._token_row.veil.dim(why)
        else:
            self._token_row.veil.lift()
