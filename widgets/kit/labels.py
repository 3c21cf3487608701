"""Plain text: a line that is shortened to the space there is, and a sentence where there is nothing to see yet."""

from __future__ import annotations

import re
from itertools import takewhile

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QSizePolicy, QWidget

from widgets.kit.clean import shown
from widgets.kit.plain import PlainLabel

_QUOTATION = re.compile("“[^“”]*”")
_END = re.compile("(?<!×) (?![ ×%])")  # of a word: 64 × 64 is one, and 36 %
_PART = " \N{MIDDLE DOT} "  # between facts; with one more space on both sides between groups of them
_PLENTY, _BAR = 0.9, 2.5  # of the width; em, what a scroll bar takes at most
_LEAST_QUOTED = 12  # letters of a quotation that stay as long as there is room for them
_NUMBER = "0123456789.,"
_NUMBER_GOES_ON = re.compile(r"(?<=[\d.,])[.,]?\d")  # from where a text is cut
_OPENS, _CLOSES = "\u2068", "\u2069"  # round text that may run from right to left, see `widgets.kit.clean`


def shortened(text: str, metrics: QFontMetrics, width: int) -> str:
    """A line of some width: quotations are cut first, the longest before the others, then whole facts."""
    for _ in _QUOTATION.findall(text):
        excess = metrics.horizontalAdvance(text) - width
        if excess <= 0:
            break
        longest = max(_QUOTATION.finditer(text), key=lambda found: metrics.horizontalAdvance(found.group()))
        inside = longest.group()[1:-1]
        least = _LEAST_QUOTED * metrics.averageCharWidth()
        room = max(metrics.horizontalAdvance(inside) - excess, least)
        cut = metrics.elidedText(inside, Qt.TextElideMode.ElideRight, room)
        cut += _CLOSES * (cut.count(_OPENS) - cut.count(_CLOSES))
        text = f"{text[: longest.start()]}“{cut}”{text[longest.end() :]}"
    if metrics.horizontalAdvance(text) <= width:
        return text
    whole = text
    while _PART in whole:  # half a number is another number
        whole = whole.rpartition(_PART)[0]
        short = f"{whole}{_PART}{' ' if whole.endswith(' ') else ''}…"
        # Else what comes is long, and its beginning says more than nothing.
        if width / 2 <= metrics.horizontalAdvance(short) <= width:
            return short
    return elided(text, metrics, width)


def elided(text: str, metrics: QFontMetrics, width: int) -> str:
    """A line of some width, cut at its end, but between words where there are enough of them.

    Never within a number: half a number is another number.
    """
    cut = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    begun = cut.removesuffix("…")
    if cut != text and text[len(begun)] != " ":
        words = begun.rpartition(" ")[0].rstrip()
        if metrics.horizontalAdvance(words) >= width / 2:
            return f"{words}…"
    if cut != text and _NUMBER_GOES_ON.match(text, len(begun)):
        return f"{begun.rstrip(_NUMBER)}…"
    return cut


def in_lines(text: str, metrics: QFontMetrics, width: int, most: int = 2) -> str:
    """Broken between facts, else before the first word that has no room in a line; what has none in the last is cut.

    Where a line ends no sign stands between two facts.
    """

    def broken(rest: str) -> str:
        has_one = most == 2 or metrics.horizontalAdvance(rest) <= width
        return shortened(rest, metrics, width) if has_one else in_lines(rest, metrics, width, most - 1)

    ends = (found.start() for found in _END.finditer(text))
    fitting = [*takewhile(lambda end: metrics.horizontalAdvance(text[:end]) <= width, ends)]
    if not fitting:
        return shortened(text, metrics, width)
    facts = [found.start() for found in re.finditer(f"{_PART.rstrip()} ", text) if found.start() <= fitting[-1]]
    if facts and metrics.horizontalAdvance(text[: facts[-1]]) >= width / 2:
        behind = text[facts[-1] :].lstrip(_PART)
        if metrics.horizontalAdvance(behind) <= (most - 1) * width:
            return f"{text[: facts[-1]].rstrip()}\n{broken(behind)}"
    first, rest = text[: fitting[-1]].rstrip(), text[fitting[-1] :].strip()
    return f"{first}\n{broken(rest)}"


class LineLabel(PlainLabel):
    """Plain text that can be selected and copied and never widens the window; the tool tip has all of it.

    The text may change with every image that plays: it stands in a field that cannot be edited, as `QLabel.setText`
    lays out the window anew.
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._field = _Field(self)
        self._field.setAccessibleName(name)
        self._dress()

    def show_text(self, text: str) -> None:
        """Show another text."""
        text = shown(text)
        if text != self.text():
            self._field.setText(text)
            self._field.setCursorPosition(0)
            self.tell_all_on_hover()
            self.setAccessibleDescription(text)

    def setForegroundRole(self, role: QPalette.ColorRole) -> None:  # noqa: N802
        """Write in another of the theme's colours."""
        super().setForegroundRole(role)
        self._dress()

    def text(self) -> str:
        """What stands there."""
        return self._field.text()

    def sizeHint(self) -> QSize:
        em = self.fontMetrics().height()
        return QSize(20 * em, em + 6)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._field.setGeometry(self.rect().adjusted(6, 2, -6, -4))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _dress(self) -> None:
        palette = self._field.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(Qt.GlobalColor.transparent))
        palette.setColor(QPalette.ColorRole.Text, self.palette().color(self.foregroundRole()))
        self._field.setPalette(palette)


class CaptionLabel(LineLabel):
    """The same, in two lines (or as many as `set_most_lines` says) where one has no room for it.

    It goes back to one line only where there is plenty of room, or more than a scroll bar takes: the numbers of what
    plays must not move the picture, nor may the bar that comes with a line more.

    Parameters
    ----------
    keeps_lines
        It goes back only where there is more room: what is said of the place under the pointer must not move that.
    """

    def __init__(self, name: str, parent: QWidget | None = None, *, keeps_lines: bool = False) -> None:
        super().__init__(name, parent)
        self._keeps_lines = keeps_lines
        self._lines = PlainLabel(self)
        self._lines.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._lines.setAccessibleName(name)
        self._lines.hide()
        self._broken_at = 0  # how wide it was when it was broken
        self._most = 2
        make_selectable(self._lines)

    def set_most_lines(self, most: int) -> None:
        """How many lines it may take."""
        self._most = most
        self._fit()

    def show_text(self, text: str) -> None:
        super().show_text(text)
        self._fit()

    def setForegroundRole(self, role: QPalette.ColorRole) -> None:  # noqa: N802
        super().setForegroundRole(role)
        self._lines.setForegroundRole(role)

    def sizeHint(self) -> QSize:
        one = super().sizeHint()
        if self._lines.isHidden():
            return one
        return QSize(one.width(), self._lines.sizeHint().height() + one.height() - self.fontMetrics().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._broken_at = 0  # with letters of another size
            self._fit()

    def _fit(self) -> None:
        metrics, width = self.fontMetrics(), self._field.width() - 4
        if width <= 0:  # not laid out yet
            return
        needs, was_one, hint = metrics.horizontalAdvance(self.text()), self._lines.isHidden(), self.sizeHint()
        is_wider = width > self._broken_at + _BAR * metrics.height()
        is_one = needs <= width * (1 if was_one or is_wider else _PLENTY)
        if self._keeps_lines and not was_one and not is_wider:
            is_one = False
        if was_one and not is_one:
            self._broken_at = width
        self._field.setVisible(is_one)
        self._lines.setVisible(not is_one)
        if not is_one:
            self._lines.setGeometry(self._field.geometry().adjusted(2, 0, -2, 0))
            lines = in_lines(self.text(), metrics, width, self._most)
            self._lines.setText(lines if "\n" in lines or not self._keeps_lines else f"{lines}\n")
        if self.sizeHint() != hint:  # one word alone may have filled what room there was
            self.updateGeometry()


class _Field(QLineEdit):
    """Shortens its text while it has no focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrame(False)
        # Reached by the mouse alone: keys in a view mean layers and heads.
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        area = self.rect().adjusted(2, 0, -2, 0)  # where Qt writes
        text = shortened(self.text(), self.fontMetrics(), area.width())
        if self.hasFocus() or text == self.text():
            super().paintEvent(event)
            return
        with QPainter(self) as painter:
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            role = QPalette.ColorRole.Text
            self.style().drawItemText(painter, area, flags, self.palette(), self.isEnabled(), text, role)


class LineButton(QPushButton):
    """A flat button as wide as there is room. Its letters have the colour of `foregroundRole()`, in every theme.

    Qt's styles write buttons in one colour and in the middle; a palette or a style sheet of the button's own would keep
    the colours of the theme that it was made in.
    """

    def __init__(self, name: str, accessible_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setFlat(True)
        self.setAccessibleName(accessible_name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, _event: QPaintEvent) -> None:
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic
        inside = self.rect().adjusted(4, 1, -4, -1)
        with QPainter(self) as painter:
            self.style().drawItemText(
                painter, inside, flags, self.palette(), self.isEnabled(), self.text(), self.foregroundRole()
            )
            if self.hasFocus():
                painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class EmptyLabel(PlainLabel):
    """A sentence in the middle that says what to do."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMargin(24)
        make_selectable(self)


def make_selectable(*labels: PlainLabel) -> None:
    """What they say can be selected and copied."""
    for label in labels:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
