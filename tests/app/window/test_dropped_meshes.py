"""A mesh that is dropped, or word vectors, are opened however early: views may not be built yet, or look elsewhere."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.window import drops
from app.window.view_area import ViewArea
from inference.results.embedding import OpenVectorsRequest
from inference.results.mesh import MeshRequest, ScoreMeshRequest
from tests.answers import answer
from tests.inputs import mesh_input
from tests.views.mesh.mesh_samples import make_mesh_info, make_result
from widgets.context import ViewContext
from widgets.subject import Subject
from widgets.view_entry import ViewEntry

CHAIR = Path("/somewhere/chair.obj")


@pytest.fixture
def window(qtbot):
    """What a drop needs of the window, with the real area of views and no engine."""
    area = ViewArea(partial(ViewEntry.create, context=ViewContext()))
    qtbot.addWidget(area)
    area.resize(1000, 800)
    area.show()
    area.asked = []
    area.view_created.connect(lambda view: view.request_changed.connect(area.asked.append))
    yield SimpleNamespace(area=area, checkpoint=make_mesh_info())
    if "mesh" in area.views:
        area.views["mesh"]._presenter.playback.pause()


def look_at(window, name="polygen-test"):
    """The checkpoint is open, and its first input is laid out."""
    window.checkpoint = make_mesh_info(name)
    window.area.set_subject(Subject(window.checkpoint, mesh_input(0)))


def drop(window):
    def open_mesh(path):
        window.area.open_file("mesh", path, window.checkpoint)

    drops.take(
        [CHAIR],
        ("mesh",),
        drops.DropTargets(*[pytest.fail] * 4, open_mesh, *[pytest.fail] * 3),
    )


def scored(window):
    return [request for request in window.area.asked if isinstance(request, ScoreMeshRequest) and request.path]


def test_dropped_before_the_view_is_built(window, qtbot):
    drop(window)
    assert window.area.views == {}
    look_at(window)
    qtbot.waitUntil(lambda: bool(scored(window)))
    assert scored(window) == [ScoreMeshRequest("polygen-test", str(CHAIR), label=1)]


def test_dropped_while_the_view_still_looks_at_another_checkpoint(window, qtbot):
    look_at(window, "before")
    qtbot.waitUntil(lambda: any(isinstance(request, MeshRequest) for request in window.area.asked))
    window.checkpoint = make_mesh_info("behind")
    drop(window)
    assert scored(window) == []
    look_at(window, "behind")
    qtbot.waitUntil(lambda: bool(scored(window)))
    assert scored(window) == [ScoreMeshRequest("behind", str(CHAIR), label=1)]


def test_dropped_later_it_is_opened_at_once_and_its_view_shown(window, qtbot):
    look_at(window)
    qtbot.waitUntil(lambda: "mesh" in window.area.views)
    answer(window.area.views["mesh"], make_result("chair"))
    window.area.show_view("measures")
    drop(window)
    assert window.area.current == "mesh"
    assert scored(window) == [ScoreMeshRequest("polygen-test", str(CHAIR), label=1)]


def test_a_file_for_a_checkpoint_that_was_never_looked_at_is_forgotten(window, qtbot):
    window.checkpoint = make_mesh_info("never")
    drop(window)
    look_at(window, "another")
    qtbot.waitUntil(lambda: "mesh" in window.area.views)
    look_at(window, "never")
    assert scored(window) == []


def test_word_vectors_are_opened_whatever_is_looked_at(window, qtbot, tmp_path):
    file = tmp_path / "a.vec"
    file.write_text("1 2\ncat 0.5 0.25\n", encoding="utf-8")
    look_at(window)
    qtbot.waitUntil(lambda: "mesh" in window.area.views)

    def open_vectors(path):
        window.area.open_file("embedding", path, window.checkpoint)

    drops.take([file], ("mesh",), drops.DropTargets(*[pytest.fail] * 5, open_vectors, *[pytest.fail] * 2))
    assert window.area.current == "embedding"
    assert OpenVectorsRequest(str(file)) in window.area.asked
