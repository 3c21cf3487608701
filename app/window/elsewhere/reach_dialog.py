"""The dialog that names another machine, and says whether it answers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.link.remote.address import SCHEME, BadAddress, MachineAddress, parse_address
from widgets.kit.clean import shown
from widgets.kit.plain import PlainLabel, explain_controls


class ReachDialog(QDialog):
    """An address, those that were used before, and one sentence on how it goes.

    Signals
    -------
    reach_requested(MachineAddress)
        The user wants to compute there.
    given_up()
        The user waits no longer.
    help_requested()
        The user wants to know what all that is.
    """

    reach_requested = Signal(object)
    given_up = Signal()
    help_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("reach_dialog")
        self.setWindowTitle(self.tr("Compute on another machine"))
        self._is_reaching = False
        self._address = QLineEdit(self)
        self._address.setObjectName("reach_address")
        self._address.setAccessibleName(self.tr("Address of the machine"))
        self._address.setPlaceholderText(self.tr("ssh://host, or ssh://user@host:folder"))
        label = PlainLabel(self.tr("&Machine"), self)
        label.setBuddy(self._address)
        about = PlainLabel(
            self.tr(
                "Another window opens, whose models are read and run there, over your own ssh. Headlight has to be "
                "there too, in the same version: the folder is where it lies, unless its command is found without."
            ),
            self,
        )
        about.setWordWrap(True)
        self._recent = QListWidget(self)
        self._recent.setObjectName("reach_recent")
        self._recent.setAccessibleName(self.tr("Machines that were used before"))
        self._said = PlainLabel(self)
        self._said.setObjectName("reach_said")
        self._said.setWordWrap(True)
        self._said.setMinimumHeight(3 * self.fontMetrics().lineSpacing())
        self._said.setAlignment(Qt.AlignmentFlag.AlignTop)
        help_button = self._button("reach_help", self.tr("&Help"))
        help_button.setShortcut("F1")
        help_button.setToolTip(self.tr("What is this? (F1)"))
        self._cancel = self._button("reach_cancel", self.tr("Cancel"))
        self._connect = self._button("reach_connect", self.tr("&Connect"))
        self._connect.setDefault(True)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self._address, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(help_button)
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._connect)
        layout = QVBoxLayout(self)
        layout.addWidget(about)
        layout.addLayout(row)
        layout.addWidget(self._recent, 1)
        layout.addWidget(self._said)
        layout.addLayout(buttons)
        em = self.fontMetrics().height()
        self.resize(min(38 * em, parent.width()), min(22 * em, parent.height()))
        help_button.clicked.connect(self.help_requested)
        self._cancel.clicked.connect(self.reject)
        self._connect.clicked.connect(self._on_connect_clicked)
        self._address.textChanged.connect(self._on_address_changed)
        self._recent.itemClicked.connect(self._on_recent_chosen)
        self._recent.itemActivated.connect(self._on_recent_activated)
        explain_controls(self)

    def _button(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def show_recent(self, hosts: tuple[str, ...]) -> None:
        """Offer machines that were used before, the latest first."""
        self._recent.clear()
        for host in hosts:
            item = QListWidgetItem(shown(host), self._recent)
            item.setData(Qt.ItemDataRole.UserRole, host)
        self._recent.setVisible(bool(hosts))
        if hosts and not self._address.text():
            self._address.setText(hosts[0])
        self._address.setFocus()
        self._address.selectAll()

    def say(self, sentence: str, *, is_warning: bool = False) -> None:
        """One sentence below the list; nothing is being tried any more."""
        self._set_reaching(False)
        self._tell(sentence, is_warning=is_warning)

    def _tell(self, sentence: str, *, is_warning: bool = False) -> None:
        role = self.palette().ColorRole.BrightText if is_warning else self.palette().ColorRole.WindowText
        self._said.setForegroundRole(role)
        self._said.setText(shown(sentence))

    def _set_reaching(self, is_reaching: bool) -> None:
        self._is_reaching = is_reaching
        self._connect.setEnabled(not is_reaching)
        self._connect.setToolTip(self.tr("The machine is being asked.") if is_reaching else "")
        self._address.setReadOnly(is_reaching)

    @Slot()
    def _on_address_changed(self) -> None:
        self._tell("")

    @Slot(QListWidgetItem)
    def _on_recent_chosen(self, item: QListWidgetItem) -> None:
        if not self._is_reaching:
            self._address.setText(item.data(Qt.ItemDataRole.UserRole))

    @Slot(QListWidgetItem)
    def _on_recent_activated(self, item: QListWidgetItem) -> None:
        self._on_recent_chosen(item)
        self._connect.click()

    @Slot()
    def _on_connect_clicked(self) -> None:
        if not self._address.text().strip().removeprefix(SCHEME):
            self._tell(self.tr("Type the name of a machine first, such as ssh://gpu1."))
            self._address.setFocus()
            return
        try:
            address: MachineAddress = parse_address(self._address.text())
        except BadAddress as error:
            self._tell(str(error), is_warning=True)
            return
        self._set_reaching(True)
        self._tell(self.tr("Connecting to {} …").format(address.name))
        self.reach_requested.emit(address)

    def reject(self) -> None:
        """Wait no longer for a machine; where none is waited for, go away. Cancel and Escape do this."""
        if self._is_reaching:
            self.given_up.emit()
            self.say(self.tr("Given up."))
        else:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._is_reaching:
            self.given_up.emit()
            self.say("")
        super().closeEvent(event)
