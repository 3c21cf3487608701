"""Labels at pixels: another label, and another pixel under the pointer."""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table, ms

N_LABELS = (8, 64)
N_TIMES = 40
MOST_LABEL_S, MOST_HOVER_S = 0.05, 0.008


def run(setup: Setup) -> Section:
    goals, rows = [], []
    for n in N_LABELS[:1] if setup.is_smoke else N_LABELS:
        n_times = 6 if setup.is_smoke else N_TIMES
        found = [setup.ours("label_frames", n, n_times) for _ in range(1 if setup.is_smoke else 3)]
        label, hover = middle(found, "label_s"), middle(found, "hover_s")
        goals += [
            Goal(f"one label more than {n}", "<= 50 ms", ms(label), label <= MOST_LABEL_S),
            Goal(f"a pixel pointed at, {n} labels", "<= 8 ms", ms(hover), hover <= MOST_HOVER_S),
        ]
        rows.append((f"{n}", ms(label), ms(middle(found, "label_p95_s")), ms(hover), ms(middle(found, "hover_p95_s"))))
    how = (
        "The bundled LSeg on an image of 64 x 64 pixels, in 1000 x 700 pixels of the screen. What is computed of the "
        "image is kept, so that a label costs its own text and its comparison with all pixels, in CPU time of one "
        "thread. A pixel is pointed at until the X server has drawn its frame and the line with its cosines."
    )
    header = ("labels", "one more ms", "95 %", "pixel ms", "95 %")
    return Section("Labels at pixels", how, goals, [Table(header, rows)])
