"""All heads, from given attentions to pixels: `python -m benchmarks.ours.heads N_TOKENS N_TIMES`."""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import torch
from PySide6.QtWidgets import QApplication

from benchmarks.measure import forget_peak, memory_mb
from benchmarks.ours.first_paint import wait_for_screen
from benchmarks.ours.given import model
from benchmarks.ours.sample_results import GROUP, info
from benchmarks.ours.window import n_colors, n_differing, screenshot, show
from inference.analyses.heads import heads
from inference.context import Context
from inference.forward.memory import keep_freed
from inference.results.heads import HeadsRequest
from inference.results.inputs import Input, TextInput
from tests.answers import answer
from widgets.context import ViewContext
from widgets.subject import Subject
from widgets.views.heads.view import HeadsView


def main() -> None:
    n, n_times = int(sys.argv[1]), int(sys.argv[2])
    keep_freed()  # as the engine does
    torch.set_num_threads(1)
    application = QApplication(sys.argv[:1])
    view = HeadsView(ViewContext())
    view.set_subject(Subject(info(n), Input(TextInput())))
    show(view)
    # Two sets in turn, so that nothing of the last picture can be used for the next.
    models = [model(n, seed) for seed in range(2)]
    request = HeadsRequest("given", Input(TextInput()), GROUP)
    images = [screenshot(view)]
    before = memory_mb()
    forget_peak()
    computing, showing, cpu = [], [], []
    for turn in range(n_times + 1):
        cpu_started, started = time.process_time(), time.perf_counter()
        with torch.inference_mode():
            result = heads(request, models[turn % 2], Context())
        computed = time.perf_counter()
        answer(view, result)
        application.processEvents()
        wait_for_screen(view)
        seen = time.perf_counter()
        cpu.append(time.process_time() - cpu_started)
        computing.append(computed - started)
        showing.append(seen - computed)
        if turn == 0:
            extra = memory_mb(field_name="VmHWM") - before
        images.append(screenshot(view))
        assert n_differing(*images[-2:]) > 100_000, "the picture did not change"
    assert n_colors(images[-1]) > 50, "the window stayed empty"
    both = [sum(pair) for pair in zip(computing, showing, strict=True)]
    found = {"first_s": both[0], "seconds": median(both[1:]), "computing_s": median(computing[1:])}
    found |= {"showing_s": median(showing[1:]), "cpu_s": median(cpu[1:]), "extra_mb": max(extra, 0.1)}
    print(json.dumps(found))


main()
