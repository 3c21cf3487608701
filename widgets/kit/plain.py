"""Text on screen as text: names, labels, token text and errors are foreign, and Qt takes what looks like HTML for HTML.

Rich text can make the window read files and devices. So labels, tool tips, messages and progress are made here, and
nowhere else (`tests/house_rules.py`); control characters are shown as symbols by all of them. Tool tips explain
words of the glossary.
"""

from __future__ import annotations

import math
from html import escape

from PySide6.QtCore import QEvent, QSize, Qt, QUrl
from PySide6.QtGui import QFont, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat, QTextTable
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QMessageBox,
    QProgressDialog,
    QTabBar,
    QTableWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from widgets.glossary.lookup import explained
from widgets.kit.clean import shown
from widgets.look.screens import screen_of


class PlainLabel(QLabel):
    """A label that shows its text as it is. Its tool tip ends with what words of the glossary in it mean."""

    _own_tip = ""
    _is_tip_due = False

    def __init__(self, text: str | QWidget | None = "", parent: QWidget | None = None) -> None:
        if not isinstance(text, str):
            text, parent = "", text
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:  # noqa: N802
        """Show another text; where it is broken into lines, a number stays with its sign for per cent."""
        text = shown(text)
        written = text.replace(" %", "\N{NO-BREAK SPACE}%") if self.wordWrap() else text
        if written != super().text():  # what its words mean is looked up then
            super().setText(written)
            super().setToolTip(tip_with_terms(self._own_tip, text))

    def setToolTip(self, tip: str) -> None:  # noqa: N802
        """Say something else on hover, before what its words mean; `tip` is plain already."""
        self._own_tip, self._is_tip_due = tip, False
        super().setToolTip(tip_with_terms(tip, self.text()))

    def tell_all_on_hover(self) -> None:
        """Let the tool tip have all of the text, made when somebody asks: it may be another with every picture."""
        self._is_tip_due = True

    def toolTip(self) -> str:  # noqa: N802
        """What is said on hover."""
        if self._is_tip_due:
            self.setToolTip(plain_tip(self.text()))
        return super().toolTip()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:
            self.toolTip()
        return super().event(event)

    def sizeHint(self) -> QSize:
        return self._with_shortcut(super().sizeHint())

    def minimumSizeHint(self) -> QSize:
        return self._with_shortcut(super().minimumSizeHint())

    def _with_shortcut(self, hint: QSize) -> QSize:
        """Room for the underlined letter as well: Qt draws it by itself, and does not move the others up to it."""
        before, mark, after = self.text().partition("&")
        if mark and self.buddy() is not None:
            advance = self.fontMetrics().horizontalAdvance
            apart = sum(map(advance, (before, after[:1], after[1:])))
            hint.setWidth(hint.width() + max(apart - advance(before + after), 0))
        return hint


def plain_tip(text: str, *, is_long: bool = False) -> str:
    """A text for a tool tip, which shows it as it is; only long ones are broken into lines."""
    text = shown(text)
    if not text or not (is_long or "<" in text):  # without a < there is no tag
        return text
    return f"<qt>{escape(text)}</qt>".replace("\n", "<br>")


def tip_with_terms(tip: str, *texts: str) -> str:
    """A tool tip, plain already, and behind it what words of the glossary in these texts mean."""
    meant = "\n".join(filter(None, (explained(text.replace("&", "")) for text in texts)))
    meant = "\n".join(dict.fromkeys(meant.split("\n")))
    if not meant or _inside(plain_tip(meant, is_long=True)) in tip:
        return tip
    own = _inside(tip) if tip.startswith("<qt>") else escape(tip).replace("\n", "<br>")
    return f"<qt>{own}{'<br><br>' if own else ''}{_inside(plain_tip(meant, is_long=True))}</qt>"


def _inside(tip: str) -> str:
    return tip.removeprefix("<qt>").removesuffix("</qt>")


def explain_items(combo: QComboBox) -> None:
    """Let the items of a choice say on hover what their words mean."""
    for index in range(combo.count()):
        tip = combo.itemData(index, Qt.ItemDataRole.ToolTipRole) or ""
        combo.setItemData(index, tip_with_terms(tip, combo.itemText(index)), Qt.ItemDataRole.ToolTipRole)


def explain_controls(root: QWidget) -> None:
    """Let all controls in a widget say on hover what their words mean, also each item of a choice."""
    for button in root.findChildren(QAbstractButton):
        button.setToolTip(tip_with_terms(button.toolTip(), button.text().replace("&", "")))
    for box in root.findChildren(QAbstractSpinBox):
        box.setToolTip(tip_with_terms(box.toolTip(), box.accessibleName()))
    for combo in root.findChildren(QComboBox):
        combo.setToolTip(tip_with_terms(combo.toolTip(), combo.accessibleName()))
        explain_items(combo)
    for bar in root.findChildren(QTabBar):
        for index in range(bar.count()):
            bar.setTabToolTip(index, tip_with_terms(bar.tabToolTip(index), bar.tabText(index)))
    for table in root.findChildren(QTableWidget):
        for column in range(table.columnCount()):
            if (item := table.horizontalHeaderItem(column)) is not None:
                item.setToolTip(tip_with_terms(item.toolTip(), item.text()))


def show_plain_message(parent: QWidget | None, title: str, text: str) -> None:
    """A dialog that shows a text as it is, until it is closed."""
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, "", parent=parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(shown(text))
    box.exec()
    box.deleteLater()


def ask_plain(parent: QWidget, name: str, title: str, question: str, yes: str) -> bool:
    """A dialog with a question shown as it is: whether the user pressed `yes`, which is not what Enter does."""
    box = QMessageBox(parent)
    box.setObjectName(name)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(shown(question))
    accept = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    is_accepted = box.clickedButton() is accept
    box.deleteLater()  # else every question stays with its window
    return is_accepted


def show_own_page(parent: QWidget | None, title: str, html: str) -> None:
    """A dialog with HTML of our own, in which nothing foreign stands; what is taller than the screen scrolls."""
    dialog = QDialog(parent)
    dialog.setObjectName("own_page")
    dialog.setWindowTitle(title)
    page = OwnPage(title, dialog)
    page.setHtml(html)
    page.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.reject)
    layout = QVBoxLayout(dialog)
    layout.addWidget(page)
    layout.addWidget(buttons)
    document, em = QTextDocument(), dialog.fontMetrics().height()  # that of the page has the width of the page
    document.setDefaultFont(dialog.font())
    document.setHtml(html)
    document.setTextWidth(_MOST_EMS * em)
    width = math.ceil(document.idealWidth())
    document.setTextWidth(width)
    # Margins, and the bar that appears where the screen is not as high as the page.
    beside, below = 4 * em, buttons.sizeHint().height() + 3 * em
    resize_on_screen(dialog, width + beside, math.ceil(document.size().height()) + below)
    page.setFocus()  # the keys walk through it, and Esc closes it
    dialog.exec()
    dialog.deleteLater()


def resize_on_screen(window: QWidget, width: int, height: int) -> None:
    """Make a window so large, but no larger than its screen with the window's frame: letters may be large."""
    title, border = 2 * window.fontMetrics().height(), window.fontMetrics().height() // 3
    room = screen_of(window.parentWidget() or window).availableGeometry().size()
    window.resize(min(width, room.width() - 2 * border), min(height, room.height() - title - border))


def plain_progress(parent: QWidget | None) -> QProgressDialog:
    """A dialog of progress whose label shows its text as it is."""
    dialog = QProgressDialog(parent)  # type: ignore[arg-type]
    dialog.setLabel(PlainLabel(dialog))
    dialog.setMinimumWidth(24 * dialog.fontMetrics().height())  # its title has room, and it stays as it is
    return dialog


_MOST_EMS = 46  # of a line of a page in a dialog
_LARGEST_HEADING = 4  # of six: by so many steps more than the text a heading of level 0 would be larger


class OwnPage(QTextBrowser):
    """A page in Markdown of our own. It fetches nothing, follows no link by itself, and obeys no HTML.

    `anchorClicked` says which link was chosen, by mouse or by Tab and Enter.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)

    def show_markdown(self, text: str) -> None:
        """Show another page, from its beginning."""
        features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
        self.document().setMarkdown(text, features)
        self._mend_headings()
        self._mend_tables()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _mend_headings(self) -> None:
        """Qt leaves words of a heading that are bold themselves as small as the text."""
        block = self.document().begin()
        while block.isValid():
            if level := block.blockFormat().headingLevel():
                as_heading = QTextCharFormat()
                as_heading.setProperty(QTextFormat.Property.FontSizeAdjustment, _LARGEST_HEADING - level)
                as_heading.setFontWeight(QFont.Weight.Bold)
                whole = QTextCursor(block)
                whole.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                whole.mergeCharFormat(as_heading)
            block = block.next()

    def _mend_tables(self) -> None:
        """Qt begins a table behind code with an empty line, below which its first word stands plain."""
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable) and frame.columns() > 1:
                first, second = (frame.cellAt(0, column).firstCursorPosition() for column in range(2))
                if first.block().length() == 1 and frame.cellAt(0, 0).lastCursorPosition() > first:
                    first.deleteChar()
                first.setBlockFormat(second.blockFormat())
                first.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
                bold = QTextCharFormat()
                bold.setFontWeight(QFont.Weight.Bold)
                first.mergeCharFormat(bold)

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:  # noqa: N802
        """Nothing: neither files nor the network."""
        return None
