"""What `run` decides before anything is downloaded."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import tomllib
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]


def load(checkout):
    """Execute a checkout's `run` as a module."""
    module = types.ModuleType("run")
    module.__file__ = str(checkout / "run")
    exec(compile((checkout / "run").read_text(encoding="utf-8"), module.__file__, "exec"), module.__dict__)
    return module


@pytest.fixture
def checkout(tmp_path):
    for name in ("run", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def run(checkout):
    return load(checkout)


def edit(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


# Libraries and packages of the system


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of Linux libraries")
def test_only_what_cannot_be_loaded_is_missing(run):
    assert run.missing_libraries({"libc.so.6": "libc6", "libnowhere.so.9": "libnowhere9"}) == {
        "libnowhere.so.9": "libnowhere9"
    }


@pytest.mark.parametrize(
    ("release", "glib"),
    [
        ({"ID": "debian", "VERSION_CODENAME": "bookworm"}, "libglib2.0-0"),
        ({"ID": "debian", "VERSION_CODENAME": "trixie"}, "libglib2.0-0t64"),
        ({"ID": "ubuntu", "VERSION_CODENAME": "jammy", "UBUNTU_CODENAME": "jammy"}, "libglib2.0-0"),
        ({"ID": "ubuntu", "VERSION_CODENAME": "noble", "UBUNTU_CODENAME": "noble"}, "libglib2.0-0t64"),
        ({"ID": "linuxmint", "VERSION_CODENAME": "virginia", "UBUNTU_CODENAME": "jammy"}, "libglib2.0-0"),
        ({"ID": "linuxmint", "VERSION_CODENAME": "faye", "DEBIAN_CODENAME": "bookworm"}, "libglib2.0-0"),
    ],
)
def test_packages_have_the_names_of_this_release(run, release, glib):
    assert run.apt_packages(["libxcb-cursor0", "libglib2.0-0"], release) == [glib, "libxcb-cursor0"]


def test_without_root_it_stops_with_the_line_to_type(run, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    run.read_os_release = lambda: {"VERSION_CODENAME": "trixie"}
    run.call = lambda *_, **__: pytest.fail("nothing may be run")
    with pytest.raises(SystemExit):
        run.install_system_packages({"libGL.so.1": "libgl1", "libglib-2.0.so.0": "libglib2.0-0"})
    said = capsys.readouterr().err
    assert "missing on this system: libGL.so.1, libglib-2.0.so.0." in said
    assert "sudo apt-get install -y libgl1 libglib2.0-0t64" in said


def test_as_root_it_installs_them(run, monkeypatch):
    commands = []
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(os, "geteuid", lambda: 0, raising=False)
    run.read_os_release = lambda: {"VERSION_CODENAME": "bookworm"}
    run.call = lambda command, **_: commands.append(command) or 0
    run.install_system_packages({"libGL.so.1": "libgl1"})
    assert [command[:2] for command in commands] == [["apt-get", "update"], ["apt-get", "install"]]
    assert commands[1][-1] == "libgl1"


# Where torch comes from


def test_settings_of_pip_come_from_its_files_and_the_environment(run):
    listing = "\n".join(
        [
            ":env:.find-links='/wheels'",
            "global.cert='/etc/ssl/cert.pem'",
            "global.find-links='\\n/wheels\\nfile:///more'",
        ]
    )
    assert run.parse_pip_config(listing) == {"find-links": ["/wheels", "file:///more"], "cert": ["/etc/ssl/cert.pem"]}
    assert run.parse_pip_config("") == {}


def test_a_cpu_wheel_has_to_fit_this_python(run, tmp_path):
    tag = "cp{}{}".format(*sys.version_info[:2])
    (tmp_path / "torch-2.13.0+cpu-cp27-cp27-linux_x86_64.whl").touch()
    assert run.find_torch_wheel([str(tmp_path)]) == ""
    wheel = tmp_path / f"torch-2.13.0+cpu-{tag}-{tag}-linux_x86_64.whl"
    wheel.touch()
    assert run.find_torch_wheel(["https://example.org/wheels", str(tmp_path)]) == str(wheel)
    assert run.find_torch_wheel([tmp_path.as_uri()]) == str(wheel)


@pytest.mark.parametrize(
    ("wheel", "has_driver", "is_linux", "uses_cpu_index", "why"),
    [
        ("torch.whl", False, True, False, "torch.whl"),
        ("torch.whl", True, True, False, "torch.whl"),
        ("", True, True, False, "NVIDIA driver"),
        ("", False, True, True, "no NVIDIA driver"),
        ("", False, False, False, "PyPI"),
    ],
)
def test_gigabytes_are_never_pulled_silently(run, wheel, has_driver, is_linux, uses_cpu_index, why):
    chosen, sentence = run.choose_torch(wheel, has_driver, is_linux)
    assert chosen is uses_cpu_index
    assert why in sentence


def commands_of(run, monkeypatch, *, reachable):
    """What installing would call, and what is said, on a Linux without a GPU, uv or a wheel of torch."""
    commands = []
    monkeypatch.setattr(run, "IS_LINUX", True)
    run.read_pip_config = dict
    run.has_nvidia_driver = lambda: False
    run.choose_torch = lambda *_: (True, "torch comes from its own index.")
    run.is_reachable = lambda _: reachable
    run.call = lambda command, **_: commands.append(command) or 0
    run.install("run")
    return commands


def test_only_torch_comes_from_its_own_index(run, monkeypatch):
    torch, rest = commands_of(run, monkeypatch, reachable=True)
    assert "torch==2.13.0" in torch
    assert "--no-deps" in torch
    assert torch[-2:] == ["--index-url", run.TORCH_CPU_INDEX]
    assert not [word for word in rest if word.startswith(("--index", "--extra", "--default"))]


def test_an_index_that_does_not_answer_is_noticed_once_and_said(run, monkeypatch, capsys):
    (rest,) = commands_of(run, monkeypatch, reachable=False)
    assert not [word for word in rest if word.startswith(("--index", "--extra", "--default"))]
    assert "cannot be reached; torch comes from PyPI with CUDA instead, about 3 GB" in capsys.readouterr().err


def test_whether_an_index_answers_is_asked_once(run):
    asked = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200 if self.path.startswith("/whl") else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert run.is_reachable(f"{address}/whl/cpu")
        assert not run.is_reachable(f"{address}/gone")
        server.shutdown()
        thread.join()
    assert asked == ["/whl/cpu/torch/", "/gone/torch/"]
    assert not run.is_reachable(address)  # nobody listens there any more


def test_every_package_that_it_runs_with_is_pinned():
    """Found by what the installed packages say they need, here and now."""
    pins = {
        canonicalize_name(line.partition("==")[0])
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    left = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["video"])]
    seen, missing = set(), set()
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        is_needed = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if name in seen or not is_needed:
            continue
        seen.add(name)
        missing |= {name} - pins
        left += map(Requirement, metadata.requires(name) or [])
    assert missing == set()


# State of .venv


def complete(run, level):
    """Make .venv look as a finished set-up leaves it."""
    os.makedirs(run.BIN)
    Path(run.PYTHON).touch()
    Path(run.STAMP).write_text(f"{run.requirements_checksum()}\n{level}\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("done", "wanted", "is_ready"),
    [("run", "run", True), ("test", "run", True), ("test", "test", True), ("run", "test", False)],
)
def test_tools_for_the_tests_come_on_top(run, done, wanted, is_ready):
    complete(run, done)
    assert run.is_ready(wanted, run.requirements_checksum()) is is_ready


def test_an_interrupted_set_up_is_not_ready(run):
    complete(run, "run")
    os.remove(run.STAMP)
    assert not run.is_ready("run", run.requirements_checksum())


def test_what_a_link_leads_to_is_not_emptied(run, checkout, tmp_path_factory, capsys):
    other = tmp_path_factory.mktemp("other")
    (other / "kept").write_text("")
    (checkout / ".venv").symlink_to(other)
    with pytest.raises(SystemExit):
        run.make_venv()
    assert (other / "kept").exists()
    assert f".venv is a link to {os.path.realpath(other)}" in capsys.readouterr().err


def test_a_python_that_went_away_is_not_ready(run):
    complete(run, "run")
    os.remove(run.PYTHON)
    assert not run.is_ready("run", run.requirements_checksum())


@pytest.mark.parametrize(
    ("file", "old", "new", "is_same"),
    [
        ("constraints.txt", "torch==", "torch>=", False),
        ("pyproject.toml", '"trimesh"', '"trimesh>=5"', False),
        ("pyproject.toml", "line-length = 120", "line-length = 100", True),
    ],
)
def test_only_requirements_count(run, checkout, file, old, new, is_same):
    before = run.requirements_checksum()
    edit(checkout / file, old, new)
    assert (run.requirements_checksum() == before) is is_same


def test_a_moved_checkout_is_set_up_anew(run, checkout, tmp_path_factory):
    moved = tmp_path_factory.mktemp("moved") / "checkout"
    before = run.requirements_checksum()
    shutil.copytree(checkout, moved)
    assert load(moved).requirements_checksum() != before


def test_an_unsupported_python_is_named(run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    run.find_supported_python = list
    with pytest.raises(SystemExit):
        run.use_a_supported_python([])
    assert "needs Python 3.11, 3.12 or 3.13; this is 3.9" in capsys.readouterr().err


# Checks


def test_each_test_is_in_one_lane(run, checkout, monkeypatch):
    monkeypatch.setattr(run, "IS_LINUX", True)
    first, second = run.lanes(["-x"])
    (rest,) = [command for name, command, _ in first if name == "pytest"]
    (other,) = [command for name, command, _ in second if name == "pytest of all else"]
    (windows,) = [command for name, command, _ in second if name == "pytest with windows"]
    ignored = {word.removeprefix("--ignore=") for word in other if word.startswith("--ignore=")}
    assert ignored == {word for word in rest if word.startswith("tests")} != set()
    assert all((ROOT / folder).is_dir() for folder in ignored)
    assert windows[windows.index("xvfb") + 1 :] == ["tests/e2e", "-x"]
    assert rest[-1] == other[-1] == "-x"


def test_tests_that_are_named_are_run_once(run, checkout):
    (checkout / "tests").mkdir()
    first, second = run.lanes(["tests", "-k", "word"])
    commands = [command for _, command, _ in (*first, *second) if "pytest" in command]
    assert sorted(command[command.index("-m", 2) + 1] for command in commands) == ["not xvfb", "xvfb"][: len(commands)]
    assert all(command[-3:] == ["tests", "-k", "word"] for command in commands)
