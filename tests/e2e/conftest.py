"""The whole program in a real window, with a real engine process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QTabBar, QWidget

from app.link.engine_link import ProcessLink
from app.window import application
from app.window.main_window import MainWindow
from widgets.registry import VIEWS

SECOND = 1000
TITLES = {entry.name: entry.title for entry in VIEWS}


class Driver:
    """A user: mouse and keyboard only. Reads what is on screen through figures and texts."""

    def __init__(self, window: MainWindow, qtbot) -> None:
        self.window, self.qtbot = window, qtbot

    def wait(self, condition: Callable[[], bool], seconds: int = 60) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=seconds * SECOND)  # to it, None is yes

    def wait_idle(self) -> None:
        """Until the checkpoint is open, its heads are shown (at home they are one click away), and all is computed."""
        self.wait(lambda: self.window.controller.checkpoint is not None)
        if self.window.area.current == "home":
            self.wait(lambda: "home" in self.window.area.views)
            self.tab("heads")
        self.wait(lambda: self.figure("heads") is not None)
        self.wait(lambda: not self.window._runner.is_busy)

    def widget(self, name: str, kind: type[QWidget] = QWidget) -> QWidget:
        found = self.window.findChild(kind, name)
        assert found is not None, f"there is no widget {name!r}"
        return found

    def click(self, widget: QWidget, at: QPoint | None = None) -> None:
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=at or widget.rect().center())

    def keys(self, sequence: str) -> None:
        QTest.keySequence(self.window, sequence)

    def type_text(self, name: str, text: str) -> None:
        """Replace what stands in a field, as with Ctrl+A and typing."""
        field = self.widget(name)
        field.setFocus()
        QTest.keySequence(field, "Ctrl+A")
        QTest.keyClicks(field, text) if text else QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def tab(self, name: str) -> None:
        """Click a view's tab."""
        for bar in self.window.area.findChildren(QTabBar):
            for index in range(bar.count()):
                if bar.tabText(index) == TITLES[name] and bar.isVisible():
                    if bar.rect().contains(bar.tabRect(index)):
                        self.click(bar, bar.tabRect(index).center())
                    else:  # scrolled away: with the keys
                        bar.setFocus()
                        while bar.currentIndex() != index:
                            QTest.keyClick(bar, Qt.Key.Key_Right if bar.currentIndex() < index else Qt.Key.Key_Left)
                            bar.setFocus()
                    return
        raise AssertionError(f"there is no tab {TITLES[name]!r}")

    def chip(self, position: int) -> tuple[QWidget, QPoint]:
        chips = self.window.input_bar.token_row.chips
        return chips, chips.chip(position).center().toPoint()

    def figure(self, name: str):
        view = self.window.area.views.get(name)
        return view.figure() if view else None

    def words(self) -> tuple[str, ...]:
        tokens = self.window.input_bar.token_row.chips._tokens
        return tokens.words if tokens else ()

    def message(self) -> str:
        return self.window.status_line.message

    def colors(self, widget: QWidget, inside: QRect | None = None) -> int:
        """How many different colours are on screen there: an empty panel has a handful."""
        image = widget.grab(inside or widget.rect()).toImage().scaled(160, 160)
        return len({image.pixel(x, y) for x in range(160) for y in range(160)})

    def answer_dialog(self, act: Callable[[QDialog], None]) -> None:
        """Call `act` with the next modal dialog, once it is open."""

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if isinstance(dialog, QDialog):
                act(dialog)
            else:
                self.timer.start(20)

        from PySide6.QtCore import QTimer

        self.timer = QTimer(singleShot=True)
        self.timer.timeout.connect(look)
        self.timer.start(20)

    def export(self, name: str, path: Path) -> None:
        """Export a view as the user does: its button, a path, Enter."""

        def fill(dialog: QDialog) -> None:
            field = dialog.findChild(QWidget, "export_file")
            QTest.keySequence(field, "Ctrl+A")
            QTest.keyClicks(field, str(path))
            save = next(b for b in dialog.findChildren(QPushButton) if b.text().replace("&", "") == "Save")
            self.click(save)

        view = self.window.area.views[name]
        self.wait(lambda: not view.why_not_current or not view.provisional_note())
        # What is still of another text is refused.
        self.wait(lambda: not self.window.area.views[name].why_not_current)
        self.answer_dialog(fill)
        self.click(self.widget(f"{name}_export"))

    @property
    def engine(self) -> ProcessLink:
        link = self.window._runner._link
        assert isinstance(link, ProcessLink)
        return link


class LentEngine(ProcessLink):
    """An engine that outlives its window: to start one takes longer than most tests."""

    def stop(self) -> None:
        self.cancel()

    def close(self) -> None:
        pass

    def end(self) -> None:
        super().stop()
        super().close()


@pytest.fixture(scope="session")
def lent_engine() -> Iterator[LentEngine]:
    link = LentEngine()
    link.start()  # before there is a test that would wonder at its thread
    yield link
    link.end()


@pytest.fixture
def start(request, lent_engine, qapp, qtbot, tmp_path, monkeypatch) -> Iterator[Callable[..., Driver]]:
    """Start the program; all that were started are closed at the end.

    Their engine is lent, one window after another, but to tests that are marked with `own_engine`.
    """
    monkeypatch.setenv("HEADLIGHT_HOME", str(tmp_path / "home"))
    if request.node.get_closest_marker("own_engine") is None:
        monkeypatch.setattr(application, "ProcessLink", lambda: lent_engine)
    started: list[MainWindow] = []

    def begin(checkpoint: str = "", engine: str = "process") -> Driver:
        window = application.make_window(checkpoint, engine)
        started.append(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=10 * SECOND)
        return Driver(window, qtbot)

    yield begin
    for window in started:
        window.close()
        window.deleteLater()
    assert os.environ["HEADLIGHT_HOME"] == str(tmp_path / "home")


@pytest.fixture
def driver(start) -> Driver:
    driver = start()
    driver.wait_idle()
    return driver
