"""How long a look at a head takes beside a job: `... job_lookups CHECKPOINT N_TOKENS N_ROUNDS N_LOOKS`.

In each round `N_LOOKS` are at another text and five times as many at another layer. The real runner, engine and
job process, without a window. The job times layers in small steps; it is paused and resumed in turn, so that whatever
else the machine does hits both alike.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median

from PySide6.QtCore import QCoreApplication, QEventLoop

from app.link.engine_link import ProcessLink
from app.link.jobs import Jobs
from app.link.runner import Runner
from benchmarks import samples
from inference.results.attention import AttentionRequest
from inference.results.events import Failure
from inference.results.inputs import Input, TextInput
from inference.results.job import JobPhase
from inference.results.layer_times import LayerTimesRequest
from inference.results.request import Request

# Thousands of steps: whatever is looked at, the job is not done before.
ENDLESS = LayerTimesRequest(lengths=tuple(range(64, 16_000, 4)), d_model=64, n_repeats=1)


class Looker:
    """Asks the engine one thing after another, as a user who waits for each picture."""

    def __init__(self, runner: Runner, checkpoint: str, n_tokens: int) -> None:
        self._runner, self._checkpoint, self._n_tokens = runner, checkpoint, n_tokens
        self._loop = QEventLoop()
        self._seconds = 0.0
        self._texts: Iterator[int] = count()
        runner.arrived.connect(self._on_arrived)
        runner.failed.connect(self._on_failed)

    def another_layer(self, turn: int) -> float:
        """Seconds until the heads of a layer are there, of a text that was run."""
        return self._ask(self._request(" ".join(samples.words(self._n_tokens)[1:-1]), turn % samples.N_LAYERS))

    def another_text(self, _turn: int) -> float:
        """The same of a text that was not."""
        words = samples.words(self._n_tokens)[1:-1]
        return self._ask(self._request(" ".join([words[next(self._texts) % len(words)], *words[1:]]), 0))

    def _request(self, text: str, layer: int) -> Request:
        return AttentionRequest(self._checkpoint, Input(TextInput(text)), "encoder", (layer,))

    def _ask(self, request: Request) -> float:
        started = time.perf_counter()
        self._runner.submit("look", request)
        self._loop.exec()
        return time.perf_counter() - started

    def _on_arrived(self, *event: object) -> None:
        if event[-1] is False:
            self._loop.quit()

    def _on_failed(self, _channel: str, *event: object) -> None:
        failure = event[-1]
        assert isinstance(failure, Failure)
        raise SystemExit(failure.message)


def main() -> None:
    checkpoint, n_tokens, n_rounds, n_looks = sys.argv[1], *map(int, sys.argv[2:])
    application = QCoreApplication(sys.argv[:1])
    runner, jobs = Runner(ProcessLink()), Jobs()
    runner.start()
    looker = Looker(runner, checkpoint, n_tokens)
    kinds = {"layer": (looker.another_layer, 5 * n_looks), "text": (looker.another_text, n_looks)}
    times: dict[str, list[float]] = {}

    def look(state: str) -> None:
        for name, (ask, n) in kinds.items():
            times.setdefault(f"{name}_{state}_s", []).extend(ask(turn) for turn in range(n))

    looker.another_layer(0)  # loads the checkpoint
    look("warm_up")
    look("without")
    number = jobs.submit(ENDLESS)
    n_steps = 0
    for _ in range(n_rounds):
        _wait(jobs, lambda: jobs.state(number).progress is not None)
        before = _step(jobs, number)
        look("running")
        while _step(jobs, number) == before:  # until it has got on meanwhile, so that it did run
            look("running")
        assert jobs.state(number).phase is JobPhase.RUNNING, jobs.state(number)
        jobs.pause(number)
        _wait(jobs, lambda: jobs.state(number).phase is JobPhase.PAUSED)
        n_steps += _step(jobs, number) - before
        look("paused")
        jobs.resume(number)
    print(json.dumps({name: median(values) for name, values in times.items()} | {"n_steps": n_steps}))
    jobs.shutdown()
    runner.shutdown()
    application.processEvents()


def _wait(jobs: Jobs, condition: Callable[[], bool]) -> None:
    """Sleep until what a job tells fulfils a condition: to turn round and round would take a core from it."""
    loop = QEventLoop()
    connection = jobs.changed.connect(lambda _state: loop.quit() if condition() else None)
    if not condition():
        loop.exec()
    jobs.disconnect(connection)


def _step(jobs: Jobs, number: int) -> int:
    progress = jobs.state(number).progress
    return progress.done if progress else 0


main()
