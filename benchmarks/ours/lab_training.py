"""How quick the lab is with its window open: `... lab_training N_STEPS`. The real job process, view and plots."""

from __future__ import annotations

import json
import os
import sys
import time

from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication

from app.link.jobs import Jobs
from benchmarks.ours.window import show
from inference.results.job import JobPhase, JobState
from inference.results.training import TrainingRequest, TrainingResult
from widgets.context import ViewContext
from widgets.views.training.options import RunOptions
from widgets.views.training.view import TrainingView


def main() -> None:
    n_steps = int(sys.argv[1])
    application = QApplication(sys.argv[:1])
    folder = os.path.join(os.environ["HEADLIGHT_HOME"], "runs")
    jobs, view, loop = Jobs(), TrainingView(ViewContext(runs_folder=folder)), QEventLoop()
    began: list[float] = []
    seconds: list[float] = []
    n_parts: list[int] = []

    def submit(request: object) -> None:
        if isinstance(request, TrainingRequest):
            jobs.submit(request)

    def arrive(_number: int, request: TrainingRequest, result: TrainingResult, is_partial: bool) -> None:
        began[:] = began or [time.perf_counter()]
        if result.n_done == n_steps and not seconds:
            seconds.append(time.perf_counter() - began[0])
        n_parts.append(len(result.log.loss))
        view.show_result(request, result, is_partial)

    def change(state: JobState) -> None:
        view.show_job(state)
        if state.phase.is_over:
            loop.quit()
        assert state.phase is not JobPhase.FAILED, state.message

    view.request_changed.connect(submit)
    jobs.arrived.connect(arrive)
    jobs.changed.connect(change)
    jobs.added.connect(view.show_job)
    show(view, 1280, 800)
    view._lab.options.set_value(RunOptions(steps=n_steps, warm_up=min(100, n_steps)))
    view._lab.start_requested.emit()
    loop.exec()
    jobs.shutdown()
    application.processEvents()
    print(json.dumps({"steps_per_s": n_steps / seconds[0], "n_parts": len(n_parts)}))


main()
