"""F6 goes round the panels: checkpoints, input, views, jobs while there are any, and what is selected."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.window.view_area import ViewArea
from app.window.view_pane import ViewPane


class PanelRound(QObject):
    """Gives the keyboard to one panel after the other: in each to what had it last, or else to what is first in it."""

    def __init__(self, before: Sequence[QWidget], area: ViewArea, behind: Sequence[QWidget], window: QWidget) -> None:
        """`before` and `behind` are the panels that stand before the views and behind them, in their order."""
        super().__init__(window)
        self._area = area
        self._panels = (*before, *area.findChildren(ViewPane), *behind)

    def go(self, by: int) -> None:
        """Go to the panel that lies so many further among those that are shown."""
        panels = [panel for panel in self._panels if panel.isVisible()]
        at = next((i for i, panel in enumerate(panels) if panel.isAncestorOf(_focus())), None)
        if at is None:  # in a view's own window, or in a bar: as if in the views
            at = next(i for i, panel in enumerate(panels) if isinstance(panel, ViewPane))
        self._enter(panels[(at + by) % len(panels)])

    def _enter(self, panel: QWidget) -> None:
        panel.window().activateWindow()
        last = panel.focusWidget()
        if last is None or not _can_have_keys(last):
            view = self._area.views.get(panel.current) if isinstance(panel, ViewPane) else None
            last = view or next(filter(_can_have_keys, panel.findChildren(QWidget)), None)
        if last is not None:
            last.setFocus(Qt.FocusReason.TabFocusReason)


def _focus() -> QWidget:
    return QApplication.focusWidget() or QWidget()


def _can_have_keys(widget: QWidget) -> bool:
    return bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus) and widget.isVisible() and widget.isEnabled()
