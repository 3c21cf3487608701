"""How late the window is while a checkpoint comes from a hub: `... lateness_download CHECKPOINT ID HUB_ADDRESS`.

The hub is on loopback, in a process of its own; the files are fetched by the program's second lane, as by a click.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time

from PySide6.QtWidgets import QApplication

from app import quick_start
from app.window.application import make_window
from app.window.main_window import MainWindow
from benchmarks import samples
from benchmarks.ours.ticks import Ticks
from benchmarks.ours.window import show
from inference.results.events import Failure
from inference.results.hub import DownloadRequest, DownloadResult
from tests.fake_hub import commit_of

DOWNLOAD = "a checkpoint comes, heads are looked at"
N_LAYERS = 4
LOOK = 0.5  # seconds at one head


def main() -> None:
    """Look at one head after the other until the download is done."""
    checkpoint, repo, address = sys.argv[1:4]
    os.environ |= {"HF_ENDPOINT": address, "HF_HOME": tempfile.mkdtemp(dir=os.environ["HEADLIGHT_HOME"])}
    quick_start.begin()
    application = QApplication(sys.argv[:1])
    window = make_window(checkpoint)
    window.input_bar.set_text(" ".join(samples.words(14)[1:-1]), "")
    show(window, 1280, 800)
    ticks = Ticks(window)
    ticks.watch("open", lambda: window.controller.checkpoint is not None and not window._runner.is_busy)
    window.area.show_view("attention")
    ticks.watch("open", lambda: _is_shown(window))
    ended: list[object] = []
    window.jobs.arrived.connect(lambda _number, _request, result, _is_partial: ended.append(result))
    window.jobs.failed.connect(lambda _number, _request, failure: ended.append(failure))
    begin = time.monotonic()
    window.jobs.submit(DownloadRequest(repo, commit_of(repo, "main")))
    looked = 0
    while not ended:
        looked += 1
        layer, head = divmod(looked, 8)
        window.selection.update(layer=layer % N_LAYERS, head=head)
        end = time.monotonic() + LOOK
        ticks.watch(DOWNLOAD, lambda end=end: bool(ended) or (time.monotonic() > end and not window._runner.is_busy))
    seconds = time.monotonic() - begin
    (result,) = ended
    assert not isinstance(result, Failure), result.message
    assert isinstance(result, DownloadResult)
    ticks.rest("nothing to do")
    print(json.dumps({"phases": ticks.by_phase, "seconds": seconds, "n_bytes": result.n_bytes, "looked": looked}))
    window.close()
    application.processEvents()


def _is_shown(window: MainWindow) -> bool:
    view = window.area.views.get("attention")
    return view is not None and view.figure() is not None and not window._runner.is_busy


main()
