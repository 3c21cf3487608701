"""Controls for the options of a figure, made from their declaration."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QCoreApplication, QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QTabBar, QTabWidget, QWidget

from widgets.kit.control_bar import ControlBar
from widgets.kit.layouts import labelled
from widgets.kit.number_box import DecimalBox, NumberBox
from widgets.kit.number_slider import NumberSlider
from widgets.kit.plain import plain_tip
from widgets.options import Choice, Number, Option, Options, Phrase, Switch, words

O = TypeVar("O", bound=Options)  # noqa: E741


class Remembered(Protocol):
    """What a session keeps of a view, under a name: a value of `kind`, which can be told and made of plain values."""

    name: str
    kind: Any

    def value(self) -> Any: ...
    def set_value(self, options: Any, /) -> None: ...


class OptionControls(QObject, Generic[O]):
    """One control for each option of `kind`, in a bar; they are named `<name>_<field>`.

    Signals
    -------
    changed()
        The user, or `set_value`, chose something else.
    """

    changed = Signal()

    def __init__(
        self,
        bar: ControlBar,
        name: str,
        kind: type[O],
        *,
        leave_out: tuple[str, ...] = (),
        rare: tuple[str, ...] = (),
    ) -> None:
        """`rare`: fields whose controls are seldom needed, and stand behind the button More."""
        super().__init__(bar)
        self._bar, self._rare = bar, set(rare)
        self.name, self.kind = name, kind
        self._controls: dict[str, QWidget] = {}
        self._kept = kind()  # values of options without a control
        for field, option in kind.declared().items():
            if field not in leave_out:
                self._controls[field] = self._add(bar, f"{name}_{field}", option, getattr(self._kept, field))
                if field in rare:
                    bar.put_behind_more(self._whole(field))

    def _add(self, bar: ControlBar, name: str, option: Option, value: Any) -> QWidget:
        title, about = _tr(option.title), _tr(option.about)
        if isinstance(option, Choice):
            combo = bar.add_choice(name, title, tuple((_tr(text), data) for data, text in option.labels.items()))
            combo.setCurrentIndex(list(option.labels).index(value))
            combo.setToolTip(plain_tip(about))
            combo.currentIndexChanged.connect(self.changed)
            return combo
        if isinstance(option, Switch):
            box = bar.add_check(name, title, about)
            box.setChecked(value)
            box.toggled.connect(self.changed)
            return box
        if isinstance(option, Phrase):
            line = _PhraseLine(option, value)
            line.setToolTip(plain_tip(about))
            line.changed.connect(self.changed)
            bar.add_widget(labelled(line, name, title))
            return line
        if option.is_slider:
            slider = NumberSlider(name, title, int(option.low), int(option.high), step=int(option.step))
            slider.setToolTip(plain_tip(about))
            slider.is_explained = bool(about)
            slider.setAccessibleName(title)
            slider.set_value(value)
            slider.value_changed.connect(self.changed)
            bar.add_widget(slider)
            return slider
        spin = _spin_box(option)
        spin.setToolTip(plain_tip(about))
        _set(spin, value)
        spin.valueChanged.connect(self.changed)
        bar.add_widget(labelled(spin, name, title))
        return spin

    def control(self, field: str) -> QWidget:
        """The control of one option, to grey it or to say why an item is not offered."""
        return self._controls[field]

    def set_shown(self, field: str, is_shown: bool) -> None:
        """Show or hide the control of one option with its title."""
        self._bar.show_widget(self._whole(field), is_shown)

    def show_those_of(self, table: Mapping[str, Collection[str]], now: str) -> None:
        """Of all options that a table names, show the controls of those that stand under `now`, if any do: the others
        say nothing there."""
        for field in dict.fromkeys(field for named in table.values() for field in named):
            self.set_shown(field, field in table.get(now, ()))

    def set_rare(self, field: str, is_rare: bool) -> None:
        """Put the control of one option behind the button More, or take it from there."""
        (self._rare.add if is_rare else self._rare.discard)(field)
        self._bar.set_rare(self._whole(field), is_rare)

    def _whole(self, field: str) -> QWidget:
        control = self._controls[field]
        widget = control if isinstance(control, QCheckBox | NumberSlider) else control.parentWidget()
        assert widget is not None
        return widget

    def combo(self, field: str) -> QComboBox:
        """The control of a `Choice`."""
        control = self._controls[field]
        assert isinstance(control, QComboBox)
        return control

    def value(self) -> O:
        """What is chosen now."""
        values = {item.name: getattr(self._kept, item.name) for item in fields(self.kind)}
        values |= {field: _value(control) for field, control in self._controls.items()}
        return self.kind(**values)

    def set_value(self, options: O, *, quietly: bool = False) -> None:
        """Show other options; `quietly` without `changed`."""
        was, self._kept = self.value(), options
        for field, control in self._controls.items():
            with QSignalBlocker(control):
                _set(control, getattr(options, field))
        if not quietly and any(getattr(options, field) != options.defaults()[field] for field in self._rare):
            self._bar.show_all()  # what is chosen is seen
        if not quietly and options != was:
            self.changed.emit()


@dataclass(frozen=True)
class PageOptions(Options):
    """Which page of a view is in front."""

    page: str = words("", "Page", "what stands on its tab", otherwise="the first")


class PageChoice:
    """The tabs of a view's pages as an option: sessions, and what opens a view, bring one to the front.

    Attributes
    ----------
    name
        What sessions know it by.
    """

    kind = PageOptions

    def __init__(self, name: str, tabs: QTabWidget | QTabBar) -> None:
        self.name, self._tabs = name, tabs

    def value(self) -> PageOptions:
        """Which page is in front now."""
        index = self._tabs.currentIndex()
        return PageOptions(self._tabs.tabText(index) if index > 0 else "")

    def set_value(self, options: PageOptions) -> None:
        """Bring a page to the front, unless it is not there or is hidden."""
        titles = [self._tabs.tabText(index) for index in range(self._tabs.count())]
        index = titles.index(options.page) if options.page in titles else -1 if options.page else 0
        if self._tabs.isTabVisible(index):
            self._tabs.setCurrentIndex(index)


def _spin_box(option: Number) -> NumberBox | DecimalBox:
    if not option.decimals:
        whole = OpenSpinBox() if option.otherwise else NumberBox()
        whole.setRange(int(option.low), int(option.high))
        whole.setSingleStep(int(option.step))
        return whole
    if option.is_share:
        return _ShareBox(option)
    if option.otherwise:
        return _OpenDecimalBox(option)
    spin = DecimalBox()
    spin.setDecimals(option.decimals)
    spin.setRange(option.low, option.high)
    spin.setSingleStep(option.step)
    return spin


class OpenSpinBox(NumberBox):
    """A whole number that is left to what is looked at until the user chooses one."""

    def __init__(self) -> None:
        super().__init__()
        self._is_chosen = False
        self.valueChanged.connect(self._on_value_changed)

    def choice(self) -> int | None:
        """What the user chose; None: nothing."""
        return self.value() if self._is_chosen else None

    def show_choice(self, value: int | None) -> None:
        """Show what was chosen; None leaves the number as it is until `show_default` says another."""
        if value is not None:
            self.setValue(value)
        self._is_chosen = value is not None

    def show_default(self, value: int) -> None:
        """Show what is taken as long as nothing is chosen."""
        if not self._is_chosen:
            with QSignalBlocker(self):
                self.setValue(value)

    def _on_value_changed(self) -> None:
        self._is_chosen = True


class _OpenDecimalBox(DecimalBox):
    """A number that is left to what is looked at: that stands one step below the least one."""

    def __init__(self, option: Number) -> None:
        super().__init__()
        self._least = option.low
        self.setDecimals(option.decimals)
        self.setRange(option.low - 10.0**-option.decimals, option.high)
        self.setSingleStep(option.step)
        self.setSpecialValueText(_tr(option.otherwise))

    def choice(self) -> float | None:
        """What the user chose; None: nothing."""
        return None if self.value() < self._least else round(self.value(), self.decimals())

    def show_choice(self, value: float | None) -> None:
        """Show what was chosen."""
        self.setValue(self.minimum() if value is None else value)


class _ShareBox(DecimalBox):
    """A number from 0 to 1, shown in whole per cent."""

    def __init__(self, option: Number) -> None:
        super().__init__()
        self.setDecimals(0)
        self.setRange(100 * option.low, 100 * option.high)
        self.setSuffix(QCoreApplication.translate("OptionControls", " %"))


class _PhraseLine(QLineEdit):
    """A text that holds once Enter is pressed or the line is left.

    A blank one becomes the last one again, unless it means something.

    Signals
    -------
    changed()
    """

    changed = Signal()

    def __init__(self, option: Phrase, value: str) -> None:
        super().__init__()
        self._value, self._can_be_empty = "", bool(option.otherwise)
        self.setMaxLength(option.most)
        self.setPlaceholderText(_tr(option.otherwise) if option.otherwise else "")
        self.setMinimumWidth(22 * self.fontMetrics().averageCharWidth())
        self.show_value(value)
        self.editingFinished.connect(self._on_editing_finished)

    def value(self) -> str:
        """What holds."""
        return self._value

    def show_value(self, value: str) -> None:
        """Show another text; `changed` is emitted if it is another one."""
        is_new, self._value = value != self._value, value
        self.setText(value)
        self.setCursorPosition(0)
        if is_new:
            self.changed.emit()

    def _on_editing_finished(self) -> None:
        typed = self.text().strip()
        self.show_value(typed if typed or self._can_be_empty else self._value)


def _value(control: QWidget) -> Any:
    if isinstance(control, _PhraseLine):
        return control.value()
    if isinstance(control, _ShareBox):
        return control.value() / 100
    if isinstance(control, NumberSlider):
        return control.value()
    if isinstance(control, QComboBox):
        return control.currentData()
    if isinstance(control, QCheckBox):
        return control.isChecked()
    if isinstance(control, OpenSpinBox | _OpenDecimalBox):
        return control.choice()
    assert isinstance(control, NumberBox | DecimalBox)
    return control.value()


def _set(control: QWidget, value: Any) -> None:
    if isinstance(control, _PhraseLine):
        control.show_value(value)
    elif isinstance(control, QComboBox):
        control.setCurrentIndex(control.findData(value))
    elif isinstance(control, QCheckBox):
        control.setChecked(value)
    elif isinstance(control, NumberSlider):
        control.set_value(value)
    elif isinstance(control, OpenSpinBox | _OpenDecimalBox):
        control.show_choice(value)
    else:
        assert isinstance(control, NumberBox | DecimalBox)
        control.setValue(100 * value if isinstance(control, _ShareBox) else value)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Options", text)
