"""Ends and beginnings that are not the user's: signals, and displays that are not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from app.link.engine_link import ROOT

# The program as it is started, which says when its window is on screen.
PROGRAM = textwrap.dedent(
    """
    import sys
    from app.window import application

    make = application.make_window

    def made(*wanted):
        window = make(*wanted)
        window.painted.connect(lambda: print("up", window._runner._link.pid, flush=True))
        return window

    application.make_window = made
    sys.exit(application.open_window("bert-mini", "process"))
    """
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADLIGHT_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_as_closing_the_window_does(home, number):
    command = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=home) as program:
        assert program.stdout.readline().startswith("up")
        os.kill(program.pid, number)
        _, told = program.communicate(timeout=60)
    assert program.returncode == 0
    assert told.replace("This plugin does not support propagateSizeHints()\n", "") == ""  # the one without a screen
    assert (home / "settings.json").is_file()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only X11 has displays that are not there")
@pytest.mark.parametrize(("name", "value"), [("DISPLAY", ":9999"), ("QT_QPA_PLATFORM", "nosuch")])
def test_where_no_window_can_be_opened_one_sentence_says_so(home, name, value, monkeypatch):
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":9999")
    monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-m", "app"], capture_output=True, text=True, cwd=home, timeout=60)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"headlight: No window can be opened with {name}={value}; headlight figure makes figures without one."
    ]
