"""A long map under a mouse that drags it."""

from __future__ import annotations

from benchmarks.measure import Setup, alternate, middle
from benchmarks.report import Goal, Section, Table, ms

BAR_FPS, BAR_FRAME = 59.0, 0.016
N_TOKENS, N_MOVES = 4096, 200


def run(setup: Setup) -> Section:
    n = 1024 if setup.is_smoke else N_TOKENS  # shorter ones are shown whole
    checkpoint = setup.folder / "long-and-narrow"
    setup.ours("make_checkpoint", checkpoint, "tiny", n)
    n_moves = 40 if setup.is_smoke else N_MOVES
    (found,) = alternate(1 if setup.is_smoke else 3, lambda: setup.ours("panning", checkpoint, n, n_moves))
    assert all(each["n_colors"] > 50 for each in found), "the map stayed empty"
    fps, frame, slow = (middle(found, name) for name in ("fps", "frame_s", "p95_s"))
    goals = [
        Goal("moves of the mouse that are shown a second, of 60", f">= {BAR_FPS:.0f}", f"{fps:.1f}", fps >= BAR_FPS),
        Goal("a frame, 95 of 100", "<= 16 ms", f"{ms(slow)} ms", slow <= BAR_FRAME),
    ]
    how = (
        f"The window with {n:,} tokens, a pixel a cell or larger, dragged there and back by 12 pixels sixty times a "
        "second: a frame is the move, the tiles that came meanwhile, and the paint. The engine computes those that "
        "come into sight, in its own process."
    )
    row = (ms(frame), ms(slow), ms(middle(found, "worst_s")), ms(middle(found, "cpu_s")), f"{fps:.1f}")
    return Section("A long map, dragged", how, goals, [Table(("frame ms", "95 %", "worst", "CPU", "a second"), [row])])
