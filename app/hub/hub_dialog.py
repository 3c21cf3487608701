"""The dialog of checkpoints: what is on this machine, what the hub has, and what is open."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.hub.about_pane import AboutPane
from app.hub.hub_page import HubPage
from app.hub.machine_page import MachinePage
from app.hub.watching import Watching
from inference.results.devices import Device
from inference.results.needs import MOST_TOKENS, USUAL_TOKENS
from widgets.kit.number_box import NumberBox
from widgets.kit.plain import PlainLabel, explain_controls
from widgets.look.tabs import Tabs


class HubDialog(QDialog):
    """What is on this machine, what the hub has, and what is open. The window behind it can be used meanwhile.

    Signals
    -------
    open_requested(str)
        A folder.
    help_requested()
        The user wants to know what all that is.
    """

    open_requested = Signal(str)
    help_requested = Signal()

    def __init__(self, watching: Watching, parent: QWidget, elsewhere: str = "") -> None:
        """`elsewhere` is the name of the machine that computes, if it is another one."""
        super().__init__(parent)
        self.setObjectName("hub_dialog")
        self.setWindowTitle(self.tr("Checkpoints"))
        self.machine, self.hub = MachinePage(watching, self, elsewhere), HubPage(self, elsewhere)
        self.now = AboutPane("now", self.tr("No checkpoint is open."), self)
        self._tabs = Tabs(self)
        self._tabs.setObjectName("hub_tabs")
        self._tabs.setAccessibleName(self.tr("Where checkpoints are"))
        self._tabs.addTab(self.machine, self.tr("On {}").format(elsewhere) if elsewhere else self.tr("On this machine"))
        self._tabs.addTab(self.hub, self.tr("From the hub"))
        self._tabs.addTab(self.now, self.tr("Open now"))
        self._length = NumberBox(self)
        self._length.setObjectName("hub_length")
        self._length.setRange(1, MOST_TOKENS)
        self._length.setValue(USUAL_TOKENS)
        self._length.setGroupSeparatorShown(True)
        self._length.setSuffix(self.tr(" tokens"))
        self._length.setAccessibleName(self.tr("Length of text for which memory is told"))
        self._length.setToolTip(self.tr("The memory that each checkpoint needs is told for a text of this length"))
        label = PlainLabel(self.tr("&Memory for"), self)
        label.setBuddy(self._length)
        about = QPushButton(self.tr("&Help"), self)
        about.setObjectName("hub_help")
        about.setAutoDefault(False)
        about.setShortcut("F1")
        about.setToolTip(self.tr("What is this? (F1)"))
        about.clicked.connect(self.help_requested)
        row = QHBoxLayout()
        row.addWidget(about)
        row.addStretch(1)
        row.addWidget(label)
        row.addWidget(self._length)
        layout = QVBoxLayout(self)
        layout.addWidget(self._tabs, 1)
        layout.addLayout(row)
        self._length.valueChanged.connect(self._on_length_changed)
        self._tabs.currentChanged.connect(self._on_tabs_current_changed)
        em = self.fontMetrics().height()
        self.resize(min(72 * em, parent.width()), min(46 * em, parent.height()))
        self.machine.open_requested.connect(self.open_requested)
        self.hub.open_requested.connect(self.open_requested)
        explain_controls(self)

    def set_device(self, device: Device) -> None:
        """Tell what memory is free where models are run."""
        for about in (self.machine.about, self.hub.about, self.now):
            about.facts.set_device(device.about)

    @Slot(int)
    def _on_tabs_current_changed(self, _index: int) -> None:
        if self.isVisible() and self._tabs.currentWidget() is self.machine:
            self.machine.list_requested.emit()  # what is there may never have been asked

    @Slot(int)
    def _on_length_changed(self, n_tokens: int) -> None:
        for about in (self.machine.about, self.hub.about, self.now):
            about.facts.set_length(n_tokens)

    def show_page(self, page: QWidget) -> None:
        """Come to the front with a page."""
        self._tabs.setCurrentWidget(page)
        if self.isVisible():  # a new one comes to the front by itself
            self.raise_()
        self.show()
        self.activateWindow()
