"""Nothing is imported from the folder that Headlight is called from, nor from the folder of temporary files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import pytest

from app.link.engine_link import ProcessLink
from inference.results.checkpoint import CheckpointInfo, InspectRequest

ROOT = Path(__file__).resolve().parents[2]
PLANTED = ("torch", "app", "inference", "numpy", "transformers", "json", "venv", "pip", "sitecustomize", "resources")


@pytest.fixture
def planted(tmp_path, monkeypatch) -> Path:
    """The caller's folder and the temporary one, full of modules that leave a mark when they are imported."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    for name in PLANTED:
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r} + ' ')\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def has_run(planted: Path) -> str:
    mark = planted.parent / "ran"
    return mark.read_text() if mark.exists() else ""


def run_script() -> types.ModuleType:
    """`run` as a module."""
    module = types.ModuleType("run")
    module.__file__ = str(ROOT / "run")
    exec(compile((ROOT / "run").read_text(encoding="utf-8"), module.__file__, "exec"), module.__dict__)
    return module


def test_the_planted_modules_do_run_where_the_path_is_not_safe(planted):
    subprocess.run([sys.executable, "-m", "app"], cwd=planted, check=True)
    assert has_run(planted) == "app "


def test_the_real_engine_inspects_and_imports_only_its_own(planted, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["", ".", ""]))  # all ways to name the working folder
    link = ProcessLink()
    try:
        info = link.run(InspectRequest("bert-mini"), lambda _: None)
    finally:
        link.close()
    assert isinstance(info, CheckpointInfo), info
    assert info.architecture == "BertForPreTraining"
    assert has_run(planted) == ""


def test_the_engine_works_in_the_folder_of_the_program(monkeypatch):
    started = {}

    class Process:
        def __init__(self, command, **options):
            started.update(options, command=command)
            raise OSError("it is not started")

    monkeypatch.setattr(subprocess, "Popen", Process)
    with pytest.raises(OSError, match="not started"):
        ProcessLink().start()
    assert started["cwd"] == ROOT
    assert "-P" in started["command"]
    assert all(os.path.isabs(place) for place in started["env"]["PYTHONPATH"].split(os.pathsep))


def test_run_starts_the_program_and_nothing_of_the_callers_folder(planted, monkeypatch):
    run = run_script()
    commands = []
    monkeypatch.setattr(run, "is_ready", lambda *_: True)
    monkeypatch.setattr(run, "hand_over", lambda command: commands.append(command) or 0)
    run.main(["--version"])
    (command,) = commands
    command = [sys.executable, *command[1:]]
    # What stands in for the installed package: it may be that of another checkout.
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=planted, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("headlight ")
    assert has_run(planted) == ""


def test_setting_up_runs_no_module_of_the_callers_folder(monkeypatch):
    run = run_script()
    commands = []
    monkeypatch.setattr(run, "call", lambda command, **_: commands.append(command) or 0)
    monkeypatch.setattr(os.path, "islink", lambda _: False)  # as in a checkout with a .venv of its own
    run.make_venv()
    monkeypatch.setattr(run, "read_pip_config", dict)
    monkeypatch.setattr(run, "is_reachable", lambda _: True)
    run.install("run")
    modules = [command for command in commands if "-m" in command]
    assert modules
    assert all(command[1] == "-P" for command in modules)
