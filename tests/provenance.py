"""What every view owes its user: a picture is of what was asked for, or is dimmed and says of what it is."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from inference.results.events import Failure
from tests.answers import answer, fail
from widgets.kit.labels import LineLabel
from widgets.kit.pointed_canvas import PointedCanvas
from widgets.kit.veil import Veil


def title_of_subject(view):
    return view.subject.title


def check_provenance(view, qtbot, result, *, change, other, partial=None, title_of=title_of_subject):
    """Lead a view, which shows the answer to what it asked, through all that can make its picture an old one.

    `change()` chooses something else that needs another answer; `result` answers any of its requests, and `partial`,
    if there is one, is a first part. `other` is a subject with another checkpoint. `title_of` says, of a view that is
    current, how its picture is to be named later.
    """
    title = title_of(view)
    assert view.why_not_current == ""
    assert not _is_dimmed(view)

    (first,) = _requests(view, result)
    change()
    (second,) = _requests(view, result)
    assert second != first
    qtbot.waitUntil(lambda: _is_dimmed(view))
    _assert_old(view, title)
    for canvas in view.findChildren(PointedCanvas):
        if canvas.isVisible():
            QTest.keyClick(canvas, Qt.Key.Key_Right)
    _assert_old(view, title)
    before = view.figure()
    view.take_result(first, result)  # a late answer
    assert view.figure() is before or view.figure() == before
    _assert_old(view, title)
    if partial is not None:
        answer(view, partial, is_partial=True)
        assert not _is_dimmed(view)
        assert view.is_provisional
    answer(view, result)
    _assert_current(view)

    title = title_of(view)
    view.set_subject(other)
    _assert_old(view, title)
    view.take_cancellation(_requests(view, result)[0])
    _assert_old(view, title)
    assert "Cancelled" in view.why_not_current
    view.refresh(again=True)
    fail(view, Failure("refused", "That cannot be looked at."), type(result))
    _assert_old(view, title)
    assert "That cannot be looked at." in view.why_not_current
    view.refresh(again=True)
    answer(view, result)
    _assert_current(view)

    title = title_of(view)
    view.refuse("This text cannot be read.")
    _assert_old(view, title)
    assert "This text cannot be read." in view.why_not_current


def _requests(view, result):
    return [request for request in view._asked if type(request).result_type() is type(result)]


def _is_dimmed(view):
    return any(veil.isVisible() and veil.is_dimmed for veil in view.findChildren(Veil))


def _assert_old(view, title):
    """Nothing of the old picture can be seen undimmed: it may also have gone."""
    pages = [page for page in view._own_pages if page.is_of_subject]
    if view.figure() is None or (pages and all(page.is_empty for page in pages)):
        return
    assert title in view.why_not_current
    assert _is_dimmed(view)
    numbers = [label.text() for label in view.findChildren(LineLabel) if label.objectName().endswith("_read_out")]
    assert set(numbers) <= {""}


def _assert_current(view):
    assert view.figure() is not None
    assert view.why_not_current == ""
    assert not _is_dimmed(view)
