"""How quickly a text grows while views look: `... writing_beside_views WRITER N_WRITTEN N_ROUNDS`.

The real window and engine, with Generation in front and Surprisal, Logit lens and Attention in windows of their own.
In turn with `generate` on the same checkpoint in another process. Seconds are CPU time, of the engine's process from
the request to the last token, and of the other one. Late are the turns of the window's event loop meanwhile, in ms.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QSpinBox

from app.window.application import make_window
from app.window.main_window import MainWindow
from benchmarks import samples
from benchmarks.ours.ticks import Ticks
from benchmarks.ours.window import show
from inference.results.events import Progress

BESIDE = ("reading", "lens", "attention")
N_GIVEN = 16


def main() -> None:
    writer, n_written, n_rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    command = [sys.executable, "-m", "benchmarks.ours.plain_writing", writer, str(n_written)]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert peer.stdin
    assert peer.stdout
    peer.stdout.readline()
    application = QApplication(sys.argv[:1])
    window = make_window(writer)
    window.input_bar.set_text(" ".join(samples.words(N_GIVEN + 2)[1:-1]), "")
    show(window, 1280, 800)
    ticks = Ticks(window)
    ticks.watch("open", lambda: window.controller.checkpoint is not None and not window._runner.is_busy)
    for name in BESIDE:
        window.area.show_view(name)
        window.area.toggle_window(name)
        ticks.watch("look", lambda name=name: _is_shown(window, name))
    window.area.show_view("generation")
    ticks.watch("look", lambda: _is_shown(window, "generation"))
    given = " ".join(map(str, range(N_GIVEN)))
    ours, theirs = [], []
    # Numbers of tokens that differ a little: a text that was written already would not be written again.
    for number in range(n_rounds + 1):
        ours.append(_write(window, ticks, n_written + number) / (n_written + number))
        peer.stdin.write(given + "\n")
        peer.stdin.flush()
        theirs.append(float(peer.stdout.readline()) / n_written)
        ticks.watch("the other wrote", lambda: True)  # the loop stood still meanwhile
    peer.stdin.close()
    peer.wait()
    # The first round warms up.
    late, own = zip(*ticks.by_phase["write"], strict=True)
    found = {"streamed_s": ours[1:], "own_s": theirs[1:], "late_ms": late, "own_late_ms": own}
    print(json.dumps(found))
    window.close()
    application.processEvents()


def _write(window: MainWindow, ticks: Ticks, n_written: int) -> float:
    """CPU seconds of the engine until the last token."""
    most = window.area.views["generation"].findChild(QSpinBox, "generation_most")
    pid = window._runner._link.pid  # pyright: ignore[reportAttributeAccessIssue] (a child process, not this one)
    assert most is not None
    ends: list[float] = []

    def note(_channel: str, progress: Progress) -> None:
        if progress.label == f"Token {n_written}":
            ends.append(_cpu_of(pid))

    window._runner.progressed.connect(note)
    most.setFocus()
    QTest.keySequence(most, "Ctrl+A")
    QTest.keyClicks(most, str(n_written))
    began = _cpu_of(pid)
    QTest.keyClick(most, Qt.Key.Key_Return)
    ticks.watch("write", lambda: bool(ends))
    ticks.watch("look", lambda: not window._runner.is_busy)
    window._runner.progressed.disconnect(note)
    return ends[0] - began


def _cpu_of(pid: int) -> float:
    """Seconds that a process has worked, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _is_shown(window: MainWindow, name: str) -> bool:
    view = window.area.views.get(name)
    return view is not None and view.figure() is not None and not window._runner.is_busy


if __name__ == "__main__":
    main()
