"""How late the window is while the engine works."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import Setup, alternate, percentile
from benchmarks.report import Goal, Section, Table

BAR_P99, BAR_WORST, BAR_REPEATED = 16.0, 50.0, 16.0  # ms
N_LONG = 1024  # tokens that the model takes, of which a map is looked at piece by piece
N_TIMES = 40  # that each action is done behind its first time
IDLE = "nothing to do"
KNOWN = "work of one length, for comparison"
WRITES = "a text is written, token by token"


def run(setup: Setup) -> Section:
    """The program as shipped: the engine in a process of its own."""
    checkpoint = setup.folder / "bert-base-size"
    writer = setup.folder / "gpt2-size"
    size, n_tokens, n_written = ("tiny", 64, 24) if setup.is_smoke else ("base", 512, 100)
    setup.ours("make_checkpoint", checkpoint, size, N_LONG)
    setup.ours("make_checkpoint", writer, size, "gpt2")
    process, repeats = alternate(
        1 if setup.is_smoke else 3,
        lambda: setup.ours("lateness", checkpoint, n_tokens, writer, n_written),
        lambda: setup.ours("repeats", checkpoint, n_tokens, N_LONG, writer, 2 if setup.is_smoke else N_TIMES),
    )
    working = [tick for phases in process for phase, ticks in phases.items() if phase != IDLE for tick in ticks]
    p99 = percentile([late for late, _ in working], 0.99)
    writing = percentile([late for late, _ in _pool(process, WRITES)], 0.99)
    again = max(own for run in repeats for what, times in run.items() if what != KNOWN for own in times[1:])
    known = [times for run in repeats for times in run[KNOWN]]
    beside = f", while work of {percentile(known, 0.5):.1f} ms took up to {max(known):.1f}"
    worst, own = (max(values) for values in zip(*working, strict=True))
    goals = [
        Goal("lateness of the event loop, 99 of 100 turns", f"<= {BAR_P99:.0f} ms", f"{p99:.1f} ms", p99 <= BAR_P99),
        Goal("the same while a text is written", f"<= {BAR_P99:.0f} ms", f"{writing:.1f} ms", writing <= BAR_P99),
        Goal("the worst turn, by the program's own work", f"<= {BAR_WORST:.0f} ms", f"{own:.1f} ms", own <= BAR_WORST),
        Goal(
            "the worst turn of what repeats, by the program's own work",
            f"<= {BAR_REPEATED:.0f} ms",
            f"{again:.1f} ms{beside}",
            again <= BAR_REPEATED,
        ),
    ]
    how = (
        "The whole program with random checkpoints of BERT-base's and GPT-2's size. A precise 5 ms timer in the "
        "window's thread notes how much later than asked it was called, while the engine imports torch, loads, "
        "tokenizes, runs, and the results are shown. `own` is the part of the lateness in which the window's process "
        "itself worked; the "
        f"rest is others' (the worst turn came {worst:.0f} ms late with them, and {_worst_idle(process):.0f} ms late "
        "where nothing was to be done at all). What repeats is done once, which builds what it needs, and then again "
        f"and again, {N_TIMES} times in each of {len(repeats)} processes, in a window that has imported all it will: "
        "another head, layer or token, the pointer, the wheel and the hand on maps, a token more of a text, and a tick "
        "of a training whose curves are looked at. Of each time the worst turn counts, by the work of all threads of "
        "the window's process, since any of them may hold Python's lock; what opens, begins or ends is told by its "
        "first time and above. Between all that a sum of one length is done in Python: what it takes tells how fast "
        "the machine was, and how evenly, when the rest was measured."
    )
    header = ("phase", "turns", "p50 ms", "p99", "worst", "worst own")
    rows = [(phase, *_row(process, phase)) for phase in process[0]]
    header_again = ("what repeats", "times", "first, worst own ms", "then p50", "95 of 100", "worst")
    rows_again = [(action, *_row_again(repeats, action)) for action in repeats[0]]
    return Section("Responsiveness", how, goals, [Table(header, rows), Table(header_again, rows_again)])


def _pool(runs: list[dict[str, Any]], phase: str) -> list[tuple[float, float]]:
    return [tick for phases in runs for tick in phases.get(phase, ())]


def _row(runs: list[dict[str, Any]], phase: str) -> tuple[str, ...]:
    ticks = _pool(runs, phase)
    late = [late for late, _ in ticks]
    own = max(own for _, own in ticks)
    return (
        str(len(ticks)),
        f"{percentile(late, 0.5):.2f}",
        f"{percentile(late, 0.99):.1f}",
        f"{max(late):.1f}",
        f"{own:.1f}",
    )


def _row_again(runs: list[dict[str, list[float]]], action: str) -> tuple[str, ...]:
    first = max(actions[action][0] for actions in runs)
    then = [own for actions in runs for own in actions[action][1:]]
    shares = (percentile(then, share) for share in (0.5, 0.95))
    return str(len(then)), f"{first:.1f}", *(f"{own:.1f}" for own in shares), f"{max(then):.1f}"


def _worst_idle(runs: list[dict[str, Any]]) -> float:
    return max(late for late, _ in _pool(runs, IDLE))
