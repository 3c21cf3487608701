"""The window of help: a list of pages, and the page that is read. It stays beside the work."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.window.actions import CLOSE_KEY
from app.window.help.pages import OF_NO_VIEW, cards_of, page_names, page_text, title_of
from resources import bundled_checkpoints
from widgets.kit.plain import OwnPage, resize_on_screen
from widgets.views.home.cards import BY_NAME

_NAME = Qt.ItemDataRole.UserRole


class HelpWindow(QDialog):
    """Pages of help, with a button that opens the example of the one that is read.

    Signals
    -------
    card_requested(str)
        Name of a card of Home that the user wants to see.
    """

    card_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("help")
        self.setModal(False)
        self._name = ""
        self._list = QTreeWidget(self)
        self._list.setObjectName("help_pages")
        self._list.setAccessibleName(self.tr("Pages of help"))
        self._list.setHeaderHidden(True)
        self._list.setRootIsDecorated(False)
        self._list.setIndentation(self.fontMetrics().height())
        self._page = OwnPage(self.tr("Help"), self)
        self._page.setObjectName("help_page")
        self._example = QPushButton(self.tr("&Open the example"), self)
        self._example.setObjectName("help_example")
        self._example.setAutoDefault(False)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)  # Enter follows a link
        self._items: dict[str, QTreeWidgetItem] = {}
        self._fill()
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self._list)
        split.addWidget(self._page)
        em = self.fontMetrics().height()
        split.setSizes([13 * em, 37 * em])
        row = QHBoxLayout()
        row.addWidget(self._example)
        row.addStretch(1)
        row.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.addWidget(split, 1)
        layout.addLayout(row)
        resize_on_screen(self, 50 * em, 36 * em)
        self._list.currentItemChanged.connect(self._on_list_current_item_changed)
        self._page.anchorClicked.connect(self._on_page_anchor_clicked)
        self._example.clicked.connect(self._on_example_clicked)
        buttons.rejected.connect(self.close)
        QShortcut(CLOSE_KEY, self, self.close)

    @property
    def page(self) -> str:
        """Name of the page that is read."""
        return self._name

    def show_page(self, name: str) -> None:
        """Bring a page to the front: that of a view, of all words, of the lecture, or of checkpoints."""
        if name != self._name:
            self._name = name
            text = page_text(name)
            self._page.show_markdown(text)
            self._example.setVisible(bool(self._card()))
            self.setWindowTitle(self.tr("{} – Help").format(title_of(name)))
            self._list.setCurrentItem(self._items[name])
        self.show()
        self.activateWindow()
        self._page.setFocus()

    def _fill(self) -> None:
        views = QTreeWidgetItem([self.tr("What is this?")])
        views.setFlags(Qt.ItemFlag.ItemIsEnabled)
        for name in page_names():
            item = QTreeWidgetItem([title_of(name)])
            item.setData(0, _NAME, name)
            self._items[name] = item
            if name in OF_NO_VIEW:
                self._list.addTopLevelItem(item)
            else:
                views.addChild(item)
        self._list.addTopLevelItem(views)
        self._list.expandAll()

    def _card(self) -> str:
        """The example of the page of a view; empty where its checkpoint is not at hand."""
        names = cards_of(page_text(self._name)) if self._name not in OF_NO_VIEW else ()
        at_hand = bundled_checkpoints()
        return next((name for name in names if BY_NAME[name].example.checkpoint in at_hand), "")

    @Slot()
    def _on_list_current_item_changed(self) -> None:
        item = self._list.currentItem()
        if item is not None and (name := item.data(0, _NAME)) and name != self._name:
            self.show_page(name)
            self._list.setFocus()

    @Slot(QUrl)
    def _on_page_anchor_clicked(self, link: QUrl) -> None:
        kind, name = link.scheme(), link.path()
        if kind == "card" and name in BY_NAME:
            self.card_requested.emit(name)
        elif kind == "page" and name in self._items:
            self.show_page(name)

    @Slot()
    def _on_example_clicked(self) -> None:
        if card := self._card():
            self.card_requested.emit(card)
