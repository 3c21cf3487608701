"""Who looks for cycles of garbage."""

from __future__ import annotations

import gc

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject

from app.link.collector import Collector


@pytest.fixture(autouse=True)
def _as_before():
    yield
    gc.enable()


def deleted(owner: QObject) -> None:
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(owner, QEvent.Type.DeferredDelete.value)


def test_python_collects_by_itself_only_when_no_window_is_left(qapp):
    first, second = QObject(), QObject()
    Collector(first)
    Collector(second)  # opened before the first one was deleted
    deleted(first)
    assert not gc.isenabled()
    deleted(second)
    assert not gc.isenabled()  # parts of it may have yet to be deleted, and Qt holds a lock meanwhile
    qapp.processEvents()
    assert gc.isenabled()
