"""Fields for numbers that say what is allowed where something else was typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QSpinBox, QToolTip, QWidget

from widgets.kit.plain import plain_tip

_LONGEST = 30  # characters of what was typed that are said again
_STANDS = 8_000  # ms in which the sentence stands beneath the field, unless something else is done there

if TYPE_CHECKING:

    class _Box(QAbstractSpinBox):
        """What both kinds of Qt's fields have."""

        def prefix(self) -> str: ...
        def suffix(self) -> str: ...
        def value(self) -> Any: ...
        def setValue(self, val: Any) -> None: ...  # noqa: N802
        def textFromValue(self, val: Any) -> str: ...  # noqa: N802
        def minimum(self) -> Any: ...
        def maximum(self) -> Any: ...
else:
    _Box = object


def _tr(text: str) -> str:
    return QCoreApplication.translate("NumberBox", text)


class _Answering(_Box):
    """Whatever is typed can be typed; Enter, or leaving the field, takes it or says why not. Esc takes it back.

    Attributes
    ----------
    refusal
        The sentence about what was typed last, until something else is done in the field; empty where it was taken.
    """

    refused: Signal
    refusal = ""

    def allowed(self) -> str:
        """What may be typed, such as "0 to 99"."""
        return _tr("{low:,} to {high:,}").format(low=self.minimum(), high=self.maximum())

    def takes_typed(self) -> bool:
        """Take what was typed, as Enter does; whether it was allowed. What was refused just before is said again."""
        was_refused = bool(self.refusal)
        if self._refuse() or was_refused:
            self._show_later()
            self.refusal = ""
            return False
        self.interpretText()
        return True

    def validate(self, input: str, pos: int) -> tuple[QValidator.State, str, int]:
        """What Qt would not let the user type is not finished yet: it is answered once the user is done with it."""
        is_good = self._state(input, pos) == QValidator.State.Acceptable
        return QValidator.State.Acceptable if is_good else QValidator.State.Intermediate, input, pos

    def _state(self, text: str, pos: int) -> QValidator.State:
        return super().validate(text, pos)[0]

    def _is_pending(self) -> bool:
        """Whether something else stands there than the number that was taken last."""
        at_zero = self.specialValueText()
        shown = at_zero if at_zero and self.value() == self.minimum() else self._shown()
        return self.lineEdit().text() != shown

    def _shown(self) -> str:
        return f"{self.prefix()}{self.textFromValue(self.value())}{self.suffix()}"

    def _refuse(self) -> bool:
        """Put the old number back if another was typed that is not allowed; whether that was so."""
        if self.hasAcceptableInput():
            return False
        typed = self.lineEdit().text().removeprefix(self.prefix()).removesuffix(self.suffix()).strip()
        self.setValue(self.value())
        self.refusal = _tr("{title}: {allowed} is allowed{but_not}; it stays {now}.").format(
            title=self.accessibleName() or _tr("Number"),
            allowed=self.allowed(),
            but_not=_tr(", not “{}”").format(typed[:_LONGEST]) if typed else "",
            now=self.lineEdit().text().strip(),
        )
        self.setAccessibleDescription(self.refusal)
        self.refused.emit(self.refusal)
        self._show_later()
        return True

    def _show_later(self) -> None:
        """Behind the change of focus, with which Qt takes every tool tip away."""
        QTimer.singleShot(0, self, self._show_refusal)

    def _show_refusal(self) -> None:
        if self.accessibleDescription() and self.isVisible():
            below = self.mapToGlobal(QPoint(0, self.height() // 2))
            QToolTip.showText(below, plain_tip(self.accessibleDescription()), self, self.rect(), _STANDS)

    def _forget_refusal(self) -> None:
        self.refusal = ""
        if self.accessibleDescription():
            self.setAccessibleDescription("")
            QToolTip.hideText()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._refuse():
            self.selectAll()
            return  # a dialog does not go on with what was not typed
        if key == Qt.Key.Key_Escape and self._is_pending():
            self.setValue(self.value())
            return
        if event.text():
            self._forget_refusal()
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._refuse()
        super().focusOutEvent(event)


class NumberBox(_Answering, QSpinBox):
    """A field for a whole number; what is typed is taken with Enter, or when the field is left.

    Signals
    -------
    refused(str)
        Something else was typed; the sentence says what is allowed, and is shown beneath the field.
    """

    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, grid: int = 1) -> None:
        """Only multiples of `grid` are allowed."""
        super().__init__(parent)
        self._grid = grid
        self.setSingleStep(grid)
        self.setKeyboardTracking(False)

    def allowed(self) -> str:
        by = _tr(" in steps of {}").format(self._grid) if self._grid > 1 else ""
        return super().allowed() + by

    def _state(self, text: str, pos: int) -> QValidator.State:
        state = super()._state(text, pos)
        is_between = state == QValidator.State.Acceptable and self.valueFromText(text) % self._grid
        return QValidator.State.Intermediate if is_between else state


class DecimalBox(_Answering, QDoubleSpinBox):
    """A field for a number with some decimals; else as `NumberBox`."""

    refused = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setKeyboardTracking(False)

    def allowed(self) -> str:
        n = self.decimals()
        digits = _tr(" with {} decimals at most").format(n) if n > 1 else _tr(" with one decimal at most") if n else ""
        return _tr("{low} to {high}").format(low=f"{self.minimum():,.{n}f}", high=f"{self.maximum():,.{n}f}") + digits
