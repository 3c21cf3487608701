"""What is imported stays small, and no table forgets a file."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from inference.registry import ANALYSES, FAMILIES
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
    ("folder", "table"),
    [
        ("inference/families", FAMILIES.values()),
        ("inference/analyses", [analysis.function for analysis in ANALYSES.values()]),
        ("widgets/views", [entry.cls for entry in VIEWS]),
    ],
    ids=["FAMILIES", "ANALYSES", "VIEWS"],
)
def test_every_file_is_in_its_table(folder, table):
    package = folder.replace("/", ".")
    modules = {f"{package}.{path.stem}" for path in (ROOT / folder).glob("[!_]*.py")}
    verticals = {f"{package}.{path.parent.name}.view" for path in (ROOT / folder).glob("*/view.py")}
    assert modules | verticals == {place.partition(":")[0] for place in table}


@pytest.mark.parametrize(
    "place", [*FAMILIES.values(), *(a.function for a in ANALYSES.values()), *(entry.cls for entry in VIEWS)]
)
def test_what_a_table_names_exists(place):
    module, _, name = place.partition(":")
    assert callable(getattr(import_module(module), name))


def test_names_for_the_type_checker_are_those_that_are_there():
    results = import_module("inference.results")
    imports = [node for node in ast.walk(ast.parse(inspect.getsource(results))) if isinstance(node, ast.ImportFrom)]
    told = {
        alias.name: node.module.rpartition(".")[2]
        for node in imports
        if node.module.startswith("inference.results.")
        for alias in node.names
    }
    assert told == results.NAMES
    assert all(hasattr(results, name) for name in told)


def test_every_request_has_an_analysis_of_its_name():
    results = import_module("inference.results")
    assert [name for name in ANALYSES if not hasattr(results, name)] == []


def test_qt_keeps_its_references_to_none(qapp):
    """PySide6 6.12.0 loses one in every call, until Python before 3.12 aborts."""
    before = sys.getrefcount(None)
    for _ in range(1000):
        qapp.processEvents()
    assert sys.getrefcount(None) > before - 100
