"""Does it cost little to know where an answer looked, and does it work where all maps take too much?"""

from __future__ import annotations

from benchmarks.measure import Setup, middle
from benchmarks.report import Goal, Section, Table

TIME = 1.15  # times as long as plain generation
MEMORY = 1.3  # times its memory
WAYS = {"plain": "`generate`", "looking": "with what each word looks at", "maps": "`generate`, `output_attentions`"}


def run(setup: Setup) -> Section:
    size, n_image, n_written, n_rounds = ("tiny", 16, 4, 1) if setup.is_smoke else ("published", 1024, 32, 3)
    found = {way: [setup.ours("answer", size, n_image, n_written, way) for _ in range(n_rounds)] for way in WAYS}
    seconds, megabytes = ({way: middle(found[way], key) for way in WAYS} for key in ("seconds", "megabytes"))
    times, memory = seconds["looking"] / seconds["plain"], megabytes["looking"] / max(megabytes["plain"], 1)
    goals = [
        Goal("CPU time, against `generate`", f"<= {TIME}x", f"{times:.2f}x", times <= TIME),
        Goal("memory beyond the weights, against `generate`", f"<= {MEMORY}x", f"{memory:.2f}x", memory <= MEMORY),
    ]
    rows = [(title, f"{seconds[way]:.2f}", f"{megabytes[way]:.0f}") for way, title in WAYS.items()]
    how = (
        f"A random LLaVA of two layers with the published head sizes (32 heads of 128) writes {n_written} tokens "
        f"behind {n_image:,} image tokens, each way in a process of its own; the middle of {n_rounds}. Memory is the "
        "most that a process has held beyond the weights."
    )
    return Section("Answers about an image", how, goals, [Table(("", "CPU seconds", "MB"), rows)])
