"""From the hub: an id or an address becomes what it is, then files on this machine, then what is open."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.hub.about_pane import AboutPane
from app.hub.lecture import Suggested, suggested
from app.hub.sizes import MB, size_text
from inference.results.hub import DownloadRequest, RepoRequest, RepoResult
from inference.results.job import JobState
from widgets.kit.clean import shown
from widgets.kit.plain import PlainLabel, ask_plain, explain_items, plain_tip
from widgets.panels.job_line import JobLine

_ABOUT = Qt.ItemDataRole.UserRole
PICKLES = (
    "Its weights are pickles, which can run code when they are read. Headlight reads nothing but tensors from them, in "
    "a process of its own, and writes them as safetensors; go on only if you trust where they are from."
)
GGUF = (
    "Headlight reads no GGUF as it is: a folder with safetensors is made of the file, in which its packed numbers are "
    "float32 again and take up to eight times the room."
)
ASK_ABOVE = 1_000 * MB  # bytes from which a download begins only after a question


class HubPage(QWidget):
    """Address and version, what the hub says of it, and the buttons that fetch and open it.

    Nothing is asked of the network until `Look up` or `Download` is pressed.

    Signals
    -------
    look_requested(RepoRequest), download_requested(DownloadRequest)
    open_requested(str)
        A folder of the cache.
    job_action_requested(number, JobAction)
    """

    look_requested = Signal(object)
    download_requested = Signal(object)
    open_requested = Signal(str)
    job_action_requested = Signal(int, object)

    def __init__(self, parent: QWidget | None = None, elsewhere: str = "") -> None:
        """`elsewhere` is the name of the machine that fetches, if it is another one."""
        super().__init__(parent)
        self._machine = elsewhere or self.tr("this machine")
        self.setObjectName("hub_page")
        self._asked: RepoRequest | None = None
        self._found: RepoResult | None = None
        self._folder = ""
        self._suggested = {one.id: one for one in suggested()}
        self._address = self._field("hub_address", self.tr("Id or address"))
        self._address.setPlaceholderText("google-bert/bert-base-uncased")
        self._version = self._field("hub_version", self.tr("Version"))
        self._version.setPlaceholderText("main")
        self._version.setMaximumWidth(self.fontMetrics().averageCharWidth() * 22)
        self._look = self._button("hub_look", self.tr("&Look up"))
        self._look.setToolTip(self.tr("Ask the hub what it is: no weights come yet (Enter)"))
        self._list = self._suggestions()
        self.about = AboutPane("hub", self.tr("What it is will be told here once it was looked up."), self)
        self.about.said.connect(self._say)
        self._said = PlainLabel(self)
        self._said.setObjectName("hub_said")
        self._said.setWordWrap(True)
        self._job = JobLine("hub_job", self, with_title=False)
        self._job.hide()
        self._file = QComboBox(self)
        self._file.setObjectName("hub_file")
        self._file.setAccessibleName(self.tr("File of weights"))
        self._file.setToolTip(self.tr("Each file holds all of the weights, in a precision of its own; one is fetched"))
        self._file.hide()
        self._download = self._button("hub_download", self.tr("&Download"))
        self._open = self._button("hub_open", self.tr("&Open"))
        self._lay_out()
        self._address.returnPressed.connect(self._look.click)
        self._version.returnPressed.connect(self._look.click)
        self._address.textChanged.connect(self._on_address_changed)
        self._version.textChanged.connect(self._on_address_changed)
        self._look.clicked.connect(self._on_look_clicked)
        self._file.currentIndexChanged.connect(self._on_file_changed)
        self._download.clicked.connect(self._on_download_clicked)
        self._open.clicked.connect(self._on_open_clicked)
        self._list.currentItemChanged.connect(self._on_list_current_changed)
        self._list.itemActivated.connect(self._look.click)
        self._job.action_requested.connect(self.job_action_requested)
        self._say(self.tr("Type or paste an id, or choose one. Nothing is asked of the network before you look it up."))
        self._judge()

    def _field(self, name: str, title: str) -> QLineEdit:
        field = QLineEdit(self)
        field.setObjectName(name)
        field.setAccessibleName(title)
        return field

    def _button(self, name: str, text: str) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        return button

    def _suggestions(self) -> QTreeWidget:
        tree = QTreeWidget(self)
        tree.setObjectName("hub_suggested")
        tree.setAccessibleName(self.tr("Suggested for the lecture"))
        tree.setHeaderLabels([self.tr("For the lecture"), self.tr("Size, about")])
        tree.setRootIsDecorated(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setStretchLastSection(False)
        bold = tree.font()
        bold.setBold(True)
        groups: dict[str, QTreeWidgetItem] = {}
        for one in self._suggested.values():
            if one.system not in groups:
                groups[one.system] = QTreeWidgetItem(tree, [one.system])
                groups[one.system].setFlags(Qt.ItemFlag.ItemIsEnabled)
                groups[one.system].setFirstColumnSpanned(True)
                groups[one.system].setFont(0, bold)
            item = QTreeWidgetItem(groups[one.system], [one.id, f"{one.megabytes:,} MB"])
            item.setData(0, _ABOUT, one.id)
            item.setToolTip(0, plain_tip(self._about(one)))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tree.expandAll()
        return tree

    def _about(self, one: Suggested) -> str:
        about = self.tr("{}. About {}, licence {}.").format(one.look_at, f"{one.megabytes:,} MB", one.licence)
        if one.weights != "safetensors":
            about += self.tr(" Its weights may be there as pickles only, which are not read.")
        return about if one.is_tried else about + self.tr(" It has not been tried with Headlight.")

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        for title, field, stretch in (
            (self.tr("&Id or address"), self._address, 1),
            (self.tr("&Version"), self._version, 0),
        ):
            label = PlainLabel(title, self)
            label.setBuddy(field)
            top.addWidget(label)
            top.addWidget(field, stretch)
        top.addWidget(self._look)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self._list)
        split.addWidget(self.about)
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        bottom = QHBoxLayout()
        bottom.addWidget(self._job, 1)
        bottom.addStretch(0)
        bottom.addWidget(self._file)
        bottom.addWidget(self._download)
        bottom.addWidget(self._open)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(split, 1)
        layout.addWidget(self._said)
        layout.addLayout(bottom)

    def focus_address(self) -> None:
        """Let the user type at once."""
        self._address.setFocus()
        self._address.selectAll()

    @property
    def found(self) -> RepoResult | None:
        """What the hub said of what stands in the fields."""
        return self._found

    # What the user does

    @Slot()
    def _on_address_changed(self) -> None:
        self._asked = self._found = None
        self._folder = ""
        self._file.hide()
        self.about.forget()
        self._say("")
        self._judge()
        item = self._list.currentItem()
        if item is not None and item.data(0, _ABOUT) != self._address.text():
            self._list.setCurrentIndex(QModelIndex())

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_list_current_changed(self, item: QTreeWidgetItem | None, _before: object) -> None:
        if item is not None and (chosen := item.data(0, _ABOUT)):
            self._version.clear()
            self._address.setText(chosen)
            self._say(self._about(self._suggested[chosen]))

    @Slot()
    def _on_look_clicked(self) -> None:
        if not self._address.text().strip():
            self._say(self.tr("Type the id of a checkpoint first, such as google-bert/bert-base-uncased."))
            self._address.setFocus()
            return
        self._found, self._folder = None, ""
        self.about.forget()
        self._asked = RepoRequest(self._address.text().strip(), self._version.text().strip())
        self._say(self.tr("Asking the hub …"))
        self._judge()
        self.look_requested.emit(self._asked)

    @Slot()
    def _on_download_clicked(self) -> None:
        found = self._found
        if found is None:
            return
        missing = self._n_missing(found)
        question = self.tr("{} of {} are to come, and {} are free on the disk.").format(
            size_text(missing), found.repo, size_text(found.n_free)
        )
        if found.can_convert:
            question = f"{question} {self.tr(GGUF if found.choices else PICKLES)}"
        is_asked = found.can_convert or missing > ASK_ABOVE
        if not is_asked or ask_plain(self, "hub_ask", self.tr("Download"), question, self.tr("&Download")):
            self.download_requested.emit(
                DownloadRequest(
                    found.repo, found.commit, found.revision, takes_pickles=found.can_convert, file=self._wanted()
                )
            )

    def _wanted(self) -> str:
        """The file of weights that is chosen; empty where there is no choice."""
        return self._file.currentData() or "" if self._found is not None and self._found.choices else ""

    def _n_missing(self, found: RepoResult) -> int:
        """Bytes that are to come with the file that is chosen."""
        sizes = dict(found.choices)
        usual = next((name for name in found.files if name in sizes), "")
        return max(found.n_bytes - found.n_there + sizes.get(self._wanted(), 0) - sizes.get(usual, 0), 0)

    @Slot()
    def _on_file_changed(self) -> None:
        if self._found is not None and self._found.choices:
            missing = self.tr("{} will come.").format(size_text(self._n_missing(self._found)))
            self._say(f"{self._found.why_not} {missing}")

    def _offer_files(self, found: RepoResult) -> None:
        """The usual file is chosen until the user chooses another."""
        before, usual = self._wanted(), next((name for name, _ in found.choices if name in found.files), "")
        self._file.blockSignals(True)
        self._file.clear()
        for name, n_bytes in found.choices:
            self._file.addItem(f"{shown(name)} ({size_text(n_bytes)})", name)
        explain_items(self._file)
        self._file.setCurrentIndex(max(self._file.findData(before or usual), 0))
        self._file.blockSignals(False)
        self._file.setVisible(bool(found.choices))

    @Slot()
    def _on_open_clicked(self) -> None:
        if self._folder:
            self.open_requested.emit(self._folder)

    # What is told

    def show_progress(self, request: RepoRequest, label: str) -> None:
        """What is being done to look something up."""
        if request == self._asked:
            self._say(f"{label} …")

    def show_found(self, request: RepoRequest, found: RepoResult) -> None:
        """What the hub said, in part or in whole; nothing if something else is asked for by now."""
        if request != self._asked:
            return
        self._offer_files(found)
        self._found, self._folder = found, found.folder
        self.about.show_repo(found)
        if found.choices:
            self._on_file_changed()
        elif found.why_not:
            self._say(found.why_not, is_warning=True)
        elif not found.is_whole:
            self._say(self.tr("Looking which views it will have …"))
        elif found.folder:
            self._say(self.tr("All of it is on {}.").format(self._machine))
        else:
            self._say(self.tr("{} will come.").format(size_text(found.n_bytes - found.n_there)))
        self._judge()

    def show_failure(self, request: RepoRequest, sentence: str) -> None:
        """Why nothing could be learned."""
        if request == self._asked:
            self._asked = None
            self._say(sentence, is_warning=True)
            self._judge()

    def show_job(self, state: JobState) -> None:
        """How far a download is, if it is of what is shown."""
        request = state.request
        if not isinstance(request, DownloadRequest):
            return
        is_shown = self._found is not None and request.repo == self._found.repo
        if is_shown or (self._job.state is not None and self._job.state.number == state.number):
            self._job.show_job(state)
        if is_shown and state.message:
            self._say(state.message, is_warning=True)
        self._judge()

    def show_downloaded(self, repo: str, folder: str) -> None:
        """It is there now."""
        if self._found is not None and repo == self._found.repo:
            self._folder = folder
            self._say(self.tr("{} is on {} now.").format(repo, self._machine))
            self._judge()
            self._open.setFocus()

    def _judge(self) -> None:
        """Which buttons make sense; each says why where it does not."""
        found = self._found
        job = self._job.state
        of = job.request.repo if job is not None and isinstance(job.request, DownloadRequest) else ""
        is_loading = found is not None and job is not None and of == found.repo and not job.phase.is_over
        self._job.setVisible(is_loading)
        why = ""
        if found is None:
            why = self.tr("Look it up first.")
        elif self._folder:
            why = self.tr("It is on {} already.").format(self._machine)
        elif is_loading:
            why = self.tr("It is on its way.")
        self._download.setEnabled(not why and found is not None and (not found.why_not or found.can_convert))
        self._download.setToolTip(plain_tip(why or (found.why_not if found else "")))
        self._open.setEnabled(bool(self._folder))
        why_not = "" if self._folder else self.tr("It has to be on {} first.").format(self._machine)
        self._open.setToolTip(plain_tip(why_not))
        self._look.setEnabled(self._asked is None or (found is not None and found.is_whole))

    def _say(self, sentence: str, *, is_warning: bool = False) -> None:
        role = self.palette().ColorRole.BrightText if is_warning else self.palette().ColorRole.WindowText
        self._said.setForegroundRole(role)
        self._said.setText(sentence)
