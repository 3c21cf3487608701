"""Make the pictures of the README from the real program.

    python docs/screenshots.py [FOLDER] [--size 1280x800] [--theme light|dark] [--views heads,arcs]

Needs a display (or Xvfb) and writes `<view>.png` for every view, or for these, that a bundled checkpoint serves.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

sys.path.insert(0, str(Path(__file__).parent.parent))

from app.window.application import make_window
from app.window.main_window import MainWindow
from widgets.registry import VIEWS

# Views that bert-mini cannot serve.
CHECKPOINTS = {
    "patches": "vit-scenes",
    "classes": "vit-scenes",
    "masked_image": "beit-scenes",
    "complete_image": "igpt-small",
    "masked_pixels": "igpt-masked",
    "mesh": "polygen-furniture",
    **dict.fromkeys(("similarity", "relevance", "zero_shot"), "clip-scenes"),
    "joint": "uniter-scenes",
    **dict.fromkeys(("clip", "order"), "merlot-clips"),
    "segments": "lseg-scenes",
    "caption": "virtex-scenes",
    "visual_words": "videobert-clips",
    "generation": "gpt-mini",
    "translation": "transformer-en-fr",
    "training_stages": "transformer-en-fr",
}
PAIR = ("The king and the queen lived in a castle.", "They had three beautiful daughters.")
SOURCE = ("He bought a red car and a black dog.", "")
SINGLE = ("The cat sat on the mat because it was tired.", "")


def wait(application: QApplication, condition, seconds: int = 90) -> None:
    """Run the event loop until something is true."""
    loop = QEventLoop()
    poll = QTimer(interval=20)
    poll.timeout.connect(lambda: loop.quit() if condition() else None)
    limit = QTimer(singleShot=True, interval=seconds * 1000)
    limit.timeout.connect(loop.quit)
    poll.start()
    limit.start()
    loop.exec()
    poll.stop()
    if not condition():
        raise SystemExit("the program did not come to rest in time")
    application.processEvents()


def settle(application: QApplication, window: MainWindow, text: tuple[str, str], view: str) -> None:
    """Type two sentences, show a view, and wait until it is drawn."""
    bar = window.input_bar
    if bar.input().text != text[0]:
        bar.set_text(*text)
        bar.input_changed.emit(bar.input())
    show(application, window, view)


def show(application: QApplication, window: MainWindow, view: str) -> None:
    """Show a view, and wait until it is drawn."""
    window.show_view(view)

    def is_drawn() -> bool:
        shown = window.area.views.get(view)
        return shown is not None and shown.figure() is not None and not window._runner.is_busy

    wait(application, is_drawn)


def rest(application: QApplication, seconds: float) -> None:
    """Let what moves by itself go on."""
    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()
    application.processEvents()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent / "images")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--theme", default="light", choices=("light", "dark"))
    parser.add_argument("--views", default="", help="only these, parted by commas")
    arguments = parser.parse_args()
    wanted = set(filter(None, arguments.views.split(","))) or {"home", *(entry.name for entry in VIEWS)}
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["HEADLIGHT_HOME"] = home  # as on the first start
        application = QApplication(sys.argv[:1])
        window = make_window()
        window.resize(*map(int, arguments.size.split("x")))
        window.set_theme(arguments.theme)
        window.show()
        wait(application, lambda: "home" in window.area.views)
        rest(application, 1)  # pictures come one after another
        if "home" in wanted:
            window.grab().save(str(arguments.folder / "home.png"))
        for entry in VIEWS:
            if entry.name not in wanted or entry.is_home or entry.name in CHECKPOINTS:
                continue
            if window.controller.checkpoint.why_missing(entry.needs):
                continue
            settle(application, window, PAIR if entry.name == "next_sentence" else SINGLE, "heads")
            group = window.controller.checkpoint.group("")
            window.selection.choose(group, layer=1, head=3, query_pos=7, key_pos=2)
            if entry.name == "masked":
                window.selection.set_masked((2, 6))
            settle(application, window, PAIR if entry.name == "next_sentence" else SINGLE, entry.name)
            rest(application, 0.5)  # arcs are drawn piece by piece
            window.grab().save(str(arguments.folder / f"{entry.name}.png"))
            window.selection.set_masked(())
        for view, checkpoint in CHECKPOINTS.items():
            if view not in wanted:
                continue
            window.open(checkpoint)
            wait(application, lambda name=checkpoint: window.controller.checkpoint.name == name)
            if checkpoint == "transformer-en-fr":
                settle(application, window, SOURCE, view)
            else:
                show(application, window, view)
            rest(application, 20 if view == "mesh" else 2)
            window.grab().save(str(arguments.folder / f"{view}.png"))
        window.close()


if __name__ == "__main__":
    main()
