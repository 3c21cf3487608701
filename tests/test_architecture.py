"""What is imported stays small, and no table forgets a file."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

from inference.registry import ANALYSES, FAMILIES
from inference.results.request import Capability, Request
from widgets.registry import VIEWS

ROOT = Path(__file__).resolve().parents[1]
TORCH = {"torch", "transformers", "tokenizers", "safetensors"}


def imported_by(*modules):
    """Top-level packages that importing `modules` brings into a fresh interpreter."""
    code = f"import json, sys, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


@pytest.mark.parametrize(
    "module", ["widgets.registry", "app.window.main_window", "app.link.controller", "app.commands.command_line"]
)
def test_the_window_loads_no_torch(module):
    assert not imported_by(module) & TORCH


@pytest.mark.parametrize("module", ["inference.registry", "inference.results", "inference.service.wire"])
def test_what_both_sides_read_loads_neither_torch_nor_qt(module):
    assert not imported_by(module) & (TORCH | {"PySide6"})


def test_the_first_window_waits_for_qt_only():
    assert not imported_by("app.window.application") & {"numpy", "pyqtgraph", "trimesh", "PIL"}


def test_views_and_their_figures_wait_for_no_plot():
    """pyqtgraph is imported when a plot is first shown: tests/widgets/test_plot_canvas.py."""
    views = (entry.cls.partition(":")[0] for entry in VIEWS)
    assert "pyqtgraph" not in imported_by(*views, "app.commands.figures", "app.commands.command_line")


def test_the_views_load_no_torch():
    assert not imported_by(*(entry.cls.partition(":")[0] for entry in VIEWS)) & TORCH


@pytest.mark.parametrize(
    ("folder", "pattern", "table"),
    [
        ("inference/families", "**/[!_]*.py", FAMILIES.values()),
        (
            "inference/analyses",
            "[!_]*.py",
            [place for place in ANALYSES.values() if place.startswith("inference.analyses.")],
        ),
        ("widgets/views", "*/view.py", [entry.cls for entry in VIEWS]),
    ],
    ids=["FAMILIES", "ANALYSES", "VIEWS"],
)
def test_every_file_is_in_its_table(folder, pattern, table):
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / folder).glob(pattern)}
    assert modules == {place.partition(":")[0] for place in table}


@pytest.mark.parametrize("place", [*FAMILIES.values(), *ANALYSES.values(), *(entry.cls for entry in VIEWS)])
def test_what_a_table_names_exists(place):
    module, _, name = place.partition(":")
    assert callable(getattr(import_module(module), name))


def requests():
    """All requests, by name."""
    modules = [
        import_module(f"inference.results.{path.stem}") for path in (ROOT / "inference/results").glob("[!_]*.py")
    ]
    classes = [cls for module in modules for cls in vars(module).values() if isinstance(cls, type)]
    return {cls.__name__: cls for cls in classes if issubclass(cls, Request) and is_dataclass(cls)}


def test_every_request_is_answered_by_an_analysis_of_its_name_or_by_the_engine():
    assert set(requests()) - set(ANALYSES) == {"DevicesRequest", "InspectRequest", "MemoryRequest", "OpenRequest"}
    assert set(ANALYSES) <= set(requests())


@pytest.mark.parametrize("request_", requests().values(), ids=lambda cls: cls.__name__)
def test_every_request_says_what_answers_it(request_):
    assert isinstance(request_.result_type(), type)
    assert request_.needs <= set(Capability)


@pytest.mark.parametrize("entry", VIEWS, ids=lambda entry: entry.name)
def test_every_view_declares_itself(entry):
    module = import_module(f"widgets.views.{entry.name}")
    assert module.ENTRY is entry
    commands = import_module(f"widgets.views.{entry.name}.command").COMMANDS if entry.figures else {}
    assert set(commands) == set(entry.figures)


def test_qt_keeps_its_references_to_none(qapp):
    """PySide6 6.12.0 loses one in every call, until Python before 3.12 aborts."""
    before = sys.getrefcount(None)
    for _ in range(1000):
        qapp.processEvents()
    assert sys.getrefcount(None) > before - 100
