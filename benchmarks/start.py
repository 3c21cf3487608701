"""How long until the first window, against the least that Qt can do, and until the first maps of attention."""

from __future__ import annotations

import tempfile

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms

BAR = 1.5
MOST_SECONDS = 1.0


def run(setup: Setup) -> Section:
    """Both in turn; the first round, which fills the file cache, does not count."""
    n = 1 if setup.is_smoke else 11
    alternate(1, lambda: setup.ours("start_app"), lambda: setup.ours("start_bare"))
    ours, bare = alternate(n, lambda: setup.ours("start_app"), lambda: setup.ours("start_bare"))
    assert min(side["n_colors"] for side in (*ours, *bare)) > 8, "a window stayed empty"
    mine, least = middle(ours, "seconds"), middle(bare, "seconds")
    how = (
        "Time from just before the process is made until the X server has drawn the first picture: `python -m app` "
        "against a bare `QMainWindow` with menus, three docks and a status bar."
    )
    if any(side["is_early"] for side in ours):
        how += " `MainWindow.painted` was emitted before the first paint: what it starts delays the window."
    rows = [
        (name, ms(middle(side, "seconds")), ms(min(s["seconds"] for s in side)), str(side[0]["n_modules"]))
        for name, side in (("Headlight", ours), ("bare window", bare))
    ]
    measured = f"{mine / least:.2f}x"
    goal = Goal("first painted window against a bare one", f"<= {BAR}x", measured, mine <= BAR * least)
    again_goal, again_rows = _maps_again(setup, n)
    again = Table(("second start", "median ms", "least ms"), again_rows)
    window = Table(("", "median ms", "least ms", "modules imported"), rows)
    return Section("Start", how + HOW_AGAIN, [goal, again_goal], [window, again])


HOW_AGAIN = (
    " A second start shows the maps of the last session, dimmed, until the engine has computed them again."
    " Both moments count until the picture has reached the screen."
)


def _maps_again(setup: Setup, n: int) -> tuple[Goal, list[tuple[str, str, str]]]:
    home = tempfile.mkdtemp(dir=setup.folder)
    first = setup.ours("start_again", "exact", home=home)
    again = [setup.ours("start_again", "exact", home=home) for _ in range(n)]
    assert not any(side["n_colors"] < 100 for side in (first, *again)), "a map stayed empty"
    assert all(side["why_not_current"] for side in again), "a map of the last session stood there as if it were new"
    rows = [
        (what, ms(middle(again, name)), ms(min(side[name] for side in again)))
        for what, name in (("maps of the last session", "seconds"), ("the same, computed", "exact_seconds"))
    ]
    seconds = middle(again, "seconds")
    goal = Goal(
        "maps of the last session on screen", f"<= {MOST_SECONDS:.1f} s", f"{seconds:.2f} s", seconds <= MOST_SECONDS
    )
    return goal, rows
