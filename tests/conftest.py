"""What every test has: no screen unless it asks for one, settings of its own, and guards against leaks."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import threading
import weakref

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before the first import of Qt
# Before the first import of torch: to share out models as small as these takes longer than to run them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, however busy the machine is; `--hypothesis-profile default` looks for others.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


_number = itertools.count()


def pytest_addoption(parser):
    parser.addoption("--calamities", type=int, default=6, help="moments at which something happens to a real window")
    parser.addoption("--calamities-seed", type=int, default=1, help="which moments")


def pytest_sessionfinish():
    """What was copied is Python's, and off screen Qt lets go of it when Python is gone already: a crash at the end."""
    from PySide6.QtGui import QGuiApplication

    if isinstance(QGuiApplication.instance(), QGuiApplication):
        QGuiApplication.clipboard().clear()


@pytest.fixture(autouse=True)
def _fresh_settings(monkeypatch, tmp_path_factory):
    """Settings start empty, and nobody's own are touched. Few tests write any: the folder is made by what does."""
    home = tmp_path_factory.getbasetemp() / "homes" / str(next(_number))
    monkeypatch.setenv("HEADLIGHT_HOME", str(home))


@pytest.fixture(autouse=True)
def _no_leaked_threads():
    """A test that starts the worker or an engine in this process also ends it."""
    before = set(threading.enumerate())
    yield
    left = [t.name for t in set(threading.enumerate()) - before if t.name.startswith(("inference", "engine"))]
    assert not left, f"still running: {left}; call runner.shutdown() at the end of the test"


@pytest.fixture(autouse=True)
def _no_button_stays_down():
    """QTest's double click ends with a press: in all tests behind it the button would be held."""
    yield
    if "PySide6.QtTest" in sys.modules:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication, QWidget

        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            QTest.mouseRelease(QWidget(), Qt.MouseButton.LeftButton)


@pytest.fixture(autouse=True, scope="module")
def _quick_collections():
    """What all modules have imported stays: to look through it for what can go takes a second each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def assert_collected(qtbot):
    """Return a check that a widget dies when it is closed.

    If it fails, something keeps the widget alive: look for a lambda or functools.partial that names `self`
    in a connection, or for a signal of a longer-lived object.
    """

    from PySide6.QtCore import QCoreApplication, QEvent

    def check(make):
        widget = make()
        ref = weakref.ref(widget)
        widget.close()
        widget.deleteLater()
        del widget
        # Before Python's collector comes, which deletes the parts of a window in any order, and events find half of it.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

        def is_gone():
            gc.collect()
            return ref() is None

        qtbot.waitUntil(is_gone, timeout=10_000)

    return check
