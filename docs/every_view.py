"""Make a picture of every view of bundled checkpoints in every look, to be looked at after a change of a view.

    python docs/every_view.py FOLDER [CHECKPOINT ...] [--views heads,arcs] [--looks small-light,torn-off]

Needs a display (or Xvfb) of at least 1920x1080 pixels; without checkpoints it takes all, which is half an hour.
Writes `FOLDER/<checkpoint>_<view>_<look>.png`, of a view that is off only the first look, and names what is not drawn.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtWidgets import QApplication, QWidget

sys.path.insert(0, str(Path(__file__).parent.parent))

from screenshots import rest, wait

from app.window.application import make_window
from app.window.main_window import MainWindow
from resources import bundled_checkpoints
from widgets.registry import VIEWS


class Look(NamedTuple):
    """A window of so many pixels, in a theme; perhaps presented, or with the view in a window of its own."""

    size: tuple[int, int]
    theme: str
    is_presented: bool = False
    is_torn_off: bool = False


LOOKS = {
    "small-light": Look((1280, 800), "light"),
    "small-dark": Look((1280, 800), "dark"),
    "large-light": Look((1920, 1080), "light"),
    "large-dark": Look((1920, 1080), "dark"),
    "presented-small": Look((1280, 800), "light", is_presented=True),
    "presented-large": Look((1920, 1080), "dark", is_presented=True),
    "torn-off": Look((1280, 800), "light", is_torn_off=True),
}
_DRAWING = 0.3  # seconds until a view is drawn
GROWING = {"mesh": 4.0}  # seconds until there is something to be seen


class Camera:
    """Takes pictures of one window."""

    def __init__(self, application: QApplication, window: MainWindow, folder: Path) -> None:
        self._application, self._window, self._folder = application, window, folder

    def open(self, checkpoint: str) -> None:
        """Look at a checkpoint with the input that it begins with."""
        if self._window.details.subject is not None:  # else it is on its way
            self._window.open(checkpoint)
        wait(self._application, lambda: self._is_looked_at(checkpoint))
        self._come_to_rest(1)

    def _is_looked_at(self, checkpoint: str) -> bool:
        subject = self._window.details.subject
        return subject is not None and subject.checkpoint.name == checkpoint

    def take(self, checkpoint: str, view: str, looks: Sequence[str]) -> None:
        """Show a view, and save it in these looks."""
        area = self._window.area
        self._window.show_view(view)
        self._come_to_rest(GROWING.get(view, 0.7))
        if not area.why_off(view) and area.views[view].figure() is None:
            print(f"{checkpoint}: {view} shows no figure")
        for name in looks[:1] if area.why_off(view) else looks:
            seen = self._dressed(view, LOOKS[name])
            self._come_to_rest(0.5)
            seen.grab().save(str(self._folder / f"{checkpoint}_{view}_{name}.png"))
            self._window.presentation.set_on(False)
            if seen is not self._window:
                area.toggle_window(view)

    def _dressed(self, view: str, look: Look) -> QWidget:
        """The window that is to be seen."""
        self._window.set_theme(look.theme)
        self._window.presentation.set_on(look.is_presented)
        rest(self._application, 0.2)  # full screen comes later
        self._window.resize(*look.size)
        if not look.is_torn_off:
            return self._window
        self._window.area.toggle_window(view)
        return self._window.area.windows[view]

    def _come_to_rest(self, seconds: float) -> None:
        rest(self._application, seconds)
        while self._window._runner.is_busy:
            wait(self._application, lambda: not self._window._runner.is_busy)
            rest(self._application, _DRAWING)  # what came is on its way to the screen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("checkpoints", nargs="*", metavar="CHECKPOINT", default=bundled_checkpoints())
    parser.add_argument("--views", default="", help="only these, parted by commas")
    parser.add_argument("--looks", default=",".join(LOOKS), help=f"parted by commas; of {', '.join(LOOKS)}")
    arguments = parser.parse_args()
    wanted, looks = set(filter(None, arguments.views.split(","))), arguments.looks.split(",")
    if unknown := set(looks) - LOOKS.keys():
        parser.error(f"no looks: {', '.join(sorted(unknown))}; there are {', '.join(LOOKS)}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["HEADLIGHT_HOME"] = home  # as on the first start
        application = QApplication(sys.argv[:1])
        window = make_window(arguments.checkpoints[0])
        window.resize(*LOOKS[looks[0]].size)
        window.show()
        camera = Camera(application, window, arguments.folder)
        for checkpoint in arguments.checkpoints:
            camera.open(checkpoint)
            for view in (entry.name for entry in VIEWS if window.area.has_tab(entry.name)):
                if not wanted or view in wanted:
                    camera.take(checkpoint, view, looks)
        window.close()


if __name__ == "__main__":
    main()
