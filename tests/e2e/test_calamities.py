"""Whatever happens to the engine, the disk and the files: the window lives, says one true sentence, and goes on."""

from __future__ import annotations

import errno
import os
import random
import re
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from app.export import saving
from app.link.engine_link import ProcessLink
from resources import checkpoint_path
from widgets.registry import VIEWS

resource = pytest.importorskip("resource")  # Windows has none

pytestmark = [
    pytest.mark.xvfb,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="stops processes and takes their memory"),
]

_ENDS = r"(was ended from outside.*|crashed|ended unexpectedly|no longer answered, was ended|ran out of memory, ended)"
ENGINE_DIED = rf"The engine {_ENDS} and was started again\."
# What the window may say of each: nothing where it came too late to do harm.
TRUE = {
    "kill": ENGINE_DIED,
    "stop": ENGINE_DIED,
    "take memory": rf"{ENGINE_DIED}|[Nn]ot enough memory|could not be started",
    "fill the disk": r"could not be written: the disk is full",
    "delete": r"mine|model\.safetensors cannot be read|config\.json cannot be read",
    "overwrite": r"mine|model\.safetensors|config\.json|has no tokenizer",
}
TABS = [entry.name for entry in VIEWS if entry.name in ("heads", "attention", "rollout", "head_similarity", "arcs")]
WORDS = ("king", "queen", "castle", "forest", "river", "winter", "summer", "letter", "garden", "window", "morning")


class Calamities:
    """Does something with the window, and something to it, at moments that a seed chooses."""

    def __init__(self, driver, folder: Path, monkeypatch, seed: int) -> None:
        self.driver, self.window, self.monkeypatch = driver, driver.window, monkeypatch
        self.mine, self.whole = folder / "mine", folder / "whole"
        shutil.copytree(checkpoint_path("bert-mini"), self.whole)
        shutil.copytree(self.whole, self.mine)
        self.folder, self.random = folder, random.Random(seed)

    # What the user does

    def type_a_sentence(self) -> None:
        self.driver.type_text("sentence_a", " ".join(self.random.sample(WORDS, 3)))

    def look_at_a_view(self) -> None:
        self.driver.tab(self.random.choice(TABS))
        self.driver.keys("F5")

    def open_mine(self) -> None:
        self.window.open(str(self.mine))

    def open_another(self) -> None:
        self.window.open("bert-mini")

    # What happens

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGSTOP)

    def _signal(self, number: int) -> None:
        if pid := self.driver.engine.pid:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def take_memory(self) -> None:
        """From the engine alone: it may not have a page more than now."""
        if pid := self.driver.engine.pid:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_AS, (2**20, resource.RLIM_INFINITY))

    def fill_the_disk(self) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        kept = self.folder / "kept.svg"
        kept.write_text("mine")
        view = self.window.area.views["heads"]
        self.driver.tab("heads")
        self.driver.wait(lambda: not self.window._runner.is_busy and view.figure() is not None)
        self.monkeypatch.setattr(saving.os, "fsync", full)
        self.driver.export("heads", self.folder / "new.svg")
        self.monkeypatch.undo()
        assert not (self.folder / "new.svg").exists()
        assert kept.read_text() == "mine"

    def delete(self) -> None:
        shutil.rmtree(self.mine)

    def overwrite(self) -> None:
        file = self.mine / self.random.choice(["model.safetensors", "config.json", "tokenizer.json"])
        content = bytearray(file.read_bytes())
        start = self.random.randrange(len(content) // 2)
        content[start : start + 64] = self.random.randbytes(64)
        file.write_bytes(content[: self.random.choice([len(content), len(content) // 2])])

    # All of it

    def happen(self) -> str:
        """One moment; what it was, for the message of a failure."""
        line, engine = self.window.status_line, self.driver.engine
        line.mark_read()
        what = self.random.choice(sorted(TRUE))
        acts = [self.type_a_sentence, self.look_at_a_view, self.open_mine, self.open_another]
        act = self.open_mine if what in ("delete", "overwrite") else self.random.choice(acts)
        when = self.random.choice(["before", "at once", "while it runs"])
        told = f"{what}, {when}, {act.__name__}"
        happens = getattr(self, what.replace(" ", "_"))
        if what == "fill the disk":
            happens()
        elif when == "before":
            happens()
            act()
        else:
            act()
            if when == "while it runs":
                self.driver.wait(lambda: engine._is_running or not self.window._runner.is_busy)
            happens()
        self.driver.wait(lambda: not self.window._runner.is_busy)  # alive: this turns its loop
        said = line.warnings
        # A tokenizer that was spoilt in mid-opening is told of the checkpoint, and of the text that cannot be read.
        assert len(said) <= (2 if what == "overwrite" else 1), f"{told}: {said}"
        assert all(re.search(TRUE[what], one) for one in said), f"{told}: {said}"
        self._make_good()
        self._next_request(told)
        return told

    def _make_good(self) -> None:
        shutil.rmtree(self.mine, ignore_errors=True)
        shutil.copytree(self.whole, self.mine)
        if pid := self.driver.engine.pid:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def _next_request(self, told: str) -> None:
        """It is answered, in a view that then shows what was asked for."""
        words = self.random.sample(WORDS, 4)
        self.window.activateWindow()  # no window manager does it when a dialog has closed
        self.driver.wait(self.window.isActiveWindow)
        self.driver.keys("F5")
        self.driver.tab("heads")
        self.driver.type_text("sentence_a", " ".join(words))
        heads = self.window.area.views["heads"]

        def is_answered() -> bool:
            subject = heads.subject
            is_seen = subject is not None and subject.input.text is not None and words[-1] in subject.text.text
            return is_seen and not self.window._runner.is_busy and not heads.why_not_current

        self.driver.wait(is_answered)
        assert heads.figure() is not None, told


@pytest.mark.own_engine
def test_the_window_survives_what_happens_at_seeded_moments(driver, tmp_path, monkeypatch, request):
    """`--calamities 100` tries so many; each tells what it was where it goes wrong."""
    monkeypatch.setattr(ProcessLink, "SILENCE", 4.0)
    monkeypatch.setattr(ProcessLink, "PATIENCE", 1.0)
    monkeypatch.setattr(ProcessLink, "STARTING", 30.0)
    n, seed = request.config.getoption("calamities"), request.config.getoption("calamities_seed")
    with monkeypatch.context() as patched:
        calamities = Calamities(driver, tmp_path, patched, seed)
        happened = [calamities.happen() for _ in range(n)]
    assert len(happened) == n
