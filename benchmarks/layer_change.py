"""Another layer, another token under the pointer: our views against BertViz's head view."""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms, ratio

BAR_TIMES, BAR_LAYER, BAR_HOVER = 300.0, 0.016, 0.008
BAR_LINES = 0.150  # Arcs draws as many lines as BertViz; a heat map does not


def run(setup: Setup) -> Section:
    n, n_times = (16, 2) if setup.is_smoke else (128, 15)
    heat_map, arcs, theirs = alternate(
        1 if setup.is_smoke else 3,
        lambda: setup.ours("layers", "attention", n, n_times),
        lambda: setup.ours("layers", "arcs", n, n_times),
        lambda: setup.peer("head_view", n, 2 if setup.is_smoke else 3),
    )
    idle = middle(theirs, "idle_s")
    yours = middle(theirs, "layer_s") - idle
    goals, rows = [], []
    for name, side in (("Attention", heat_map), ("Arcs", arcs)):
        layer, hover, whole = (middle(side, key) for key in ("layer_s", "hover_s", "layer_whole_s"))
        what = f"{name}: another layer, whole picture"
        if name == "Arcs":
            goals.append(Goal(what, f"<= {ms(BAR_LINES)} ms", f"{ms(whole)} ms", whole <= BAR_LINES))
        else:
            goals.append(Goal(what, f">= {BAR_TIMES:.0f}x", ratio(yours, whole), yours >= BAR_TIMES * whole))
        goals += [
            Goal(
                f"{name}: another layer, first picture", f"<= {ms(BAR_LAYER)} ms", f"{ms(layer)} ms", layer <= BAR_LAYER
            ),
            Goal(f"{name}: hover", f"<= {ms(BAR_HOVER)} ms", f"{ms(hover)} ms", hover <= BAR_HOVER),
        ]
        cpu = (ms(middle(side, "layer_cpu_s")), ms(hover), ms(middle(side, "hover_cpu_s")))
        rows.append((name, ms(layer), ms(whole), *cpu))
    rows.append(("BertViz head view", "-", ms(yours), "-", ms(middle(theirs, "hover_s") - idle), "-"))
    header = ("", "layer: first picture, ms", "whole picture", "CPU", "hover ms", "CPU")
    how = (
        f"All 12 heads of a layer, {n} tokens; the numbers are at hand on both sides. Ours: `show_result`, painted, "
        "until the X server has drawn it. Arcs draws its strongest lines first and the rest in slices of 3 ms between "
        "events, so its first picture comes before the whole; whole is what is on screen, and what is scrolled away "
        "is drawn behind that. "
        "BertViz: from the change of the layer to two frames later and a "
        f"screenshot, less the {ms(idle)} ms that these take when nothing happens."
    )
    return Section("Another layer, and hover", how, goals, [Table(header, rows)])
