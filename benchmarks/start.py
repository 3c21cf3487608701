"""How long until the first window: ours against the least that Qt can do."""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms

BAR = 1.5


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
    return Section("Start", how, [goal], [Table(("", "median ms", "least ms", "modules imported"), rows)])
