"""What is known of a checkpoint, on two pages: facts and views, and the card that its makers wrote."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal, Slot
from PySide6.QtWidgets import QWidget

from app.hub.card_text import card_markdown
from app.hub.facts import Facts
from inference.results.checkpoint import CheckpointInfo
from inference.results.hub import RepoResult
from widgets.kit.plain import OwnPage
from widgets.look.tabs import Tabs


class AboutPane(Tabs):
    """Facts of a checkpoint, and its card in Markdown: without images, and following no link.

    Signals
    -------
    said(str)
        Where a link of the card leads; nothing is opened.
    """

    said = Signal(str)

    def __init__(self, name: str, hint: str, parent: QWidget | None = None) -> None:
        """`hint` stands there while nothing is known."""
        super().__init__(parent)
        self.setObjectName(f"{name}_about")
        self.setAccessibleName(self.tr("What is known of it"))
        self.setDocumentMode(True)
        self.facts = Facts(f"{name}_facts", self)
        self.facts.setPlaceholderText(hint)
        self._card = OwnPage(self.tr("Card"), self)
        self._card.setObjectName(f"{name}_card")
        self._card.setTabChangesFocus(False)
        self._card.anchorClicked.connect(self._on_card_anchor_clicked)
        self.addTab(self.facts, self.tr("Facts and views"))
        self.addTab(self._card, self.tr("Card"))
        self.forget()

    def show_repo(self, found: RepoResult) -> None:
        """What the hub says of a repository."""
        self.facts.show_repo(found)
        self.show_card(found.card)

    def show_info(self, info: CheckpointInfo, card: str) -> None:
        """What a checkpoint on this machine is."""
        self.facts.show_info(info)
        self.show_card(card)

    def forget(self) -> None:
        """Nothing is known."""
        self.facts.forget()
        self.show_card("")

    def show_card(self, card: str) -> None:
        """What its makers wrote, in Markdown; empty where nothing is known of that."""
        self._card.show_markdown(card_markdown(card))
        self.setTabEnabled(1, bool(card))
        self.setTabToolTip(1, "" if card else self.tr("It has no card (README.md), or none is known yet."))

    @Slot(QUrl)
    def _on_card_anchor_clicked(self, address: QUrl) -> None:
        self.said.emit(self.tr("The card leads to {}; Headlight opens no pages.").format(address.toDisplayString()))
