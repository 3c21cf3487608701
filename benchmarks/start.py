"""How long until the first window, against the least that Qt can do, and until the first maps of attention."""

from __future__ import annotations

import tempfile

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms

BAR = 1.5
MOST_SECONDS = 1.0
N_ROUNDS = 11


def run(setup: Setup) -> Section:
    """Both in turn; the first round, which fills the file cache, does not count."""
    n = 1 if setup.is_smoke else N_ROUNDS
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
    maps_goals, maps_rows = _maps(setup, n)
    maps = Table(("until maps are on screen", "median ms", "least ms"), maps_rows)
    window = Table(("", "median ms", "least ms", "modules imported"), rows)
    return Section("Start", how + HOW_MAPS, [goal, *maps_goals], [window, maps])


HOW_MAPS = (
    " The very first start, in an empty folder, is at Home, which is left for the maps of the sample as soon as the"
    " window is on screen: they come with Headlight. A later start shows those of the last session. Both are dimmed,"
    " until the engine has computed them. All moments count until the picture has reached the screen."
)


def _maps(setup: Setup, n: int) -> tuple[list[Goal], list[tuple[str, str, str]]]:
    """First starts, each in a home of its own, and later ones in one home, in turn."""
    home = tempfile.mkdtemp(dir=setup.folder)
    setup.ours("start_maps", "exact", home=home)
    first, again = alternate(
        n, lambda: setup.ours("start_maps", "exact"), lambda: setup.ours("start_maps", "exact", home=home)
    )
    assert not any(side["n_colors"] < 100 for side in (*first, *again)), "a map stayed empty"
    goals, rows = [], []
    for sides, title, source in ((first, "first start", "came with Headlight"), (again, "later start", "last session")):
        assert all(source.lower() in side["why_not_current"].lower() for side in sides), "whose maps are these?"
        for what, name in ((source, "seconds"), ("computed", "exact_seconds")):
            rows.append((f"{title}, {what}", ms(middle(sides, name)), ms(min(side[name] for side in sides))))
        seconds = middle(sides, "seconds")
        said = f"{seconds:.2f} s"
        goals.append(Goal(f"maps of a {title} on screen", f"<= {MOST_SECONDS:.1f} s", said, seconds <= MOST_SECONDS))
    return goals, rows
