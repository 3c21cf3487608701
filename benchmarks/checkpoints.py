"""Getting at checkpoints: the window while one is fetched, and opening one beside transformers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import ROOT, Setup, alternate, middle, percentile
from benchmarks.report import Goal, Section, Table

BAR_P99, BAR_TIMES = 16.0, 1.5
BAR_INSPECT, BAR_INSPECT_LARGE, BAR_INSPECT_MB = 0.5, 1.0, 80.0
REPO = "headlight/large"
DOWNLOAD = "a checkpoint comes, heads are looked at"


def run(setup: Setup) -> Section:
    """A download of a gigabyte from loopback, and a checkpoint of BERT-base's size."""
    folder = setup.folder / "bert-base-opened"
    setup.ours("make_checkpoint", folder, "tiny" if setup.is_smoke else "base")
    sides = ("headlight", "transformers", "owned")
    opened = alternate(
        1 if setup.is_smoke else 5, *(lambda side=side: setup.ours("open_checkpoint", folder, side) for side in sides)
    )
    ours, theirs, theirs_owned = (middle(results, "seconds") for results in opened)
    again, theirs_again, owned_again = (middle(results, "again") for results in opened)
    megabytes = 20 if setup.is_smoke else 1_000
    fetched = _fetched(setup, megabytes)
    inspected = _inspected(setup, folder)
    setup.ours("make_sharded", setup.folder / "ten-gigabytes", *([2] if setup.is_smoke else []))
    large = _inspected(setup, setup.folder / "ten-gigabytes")
    most_mb = max(inspected[1], large[1])
    looks = setup.ours("line", 24 if setup.is_smoke else 120)
    late = [late for late, _ in fetched["phases"][DOWNLOAD]]
    p99 = percentile(late, 0.99)
    goals = [
        Goal(
            f"lateness while {megabytes:,} MB come, 99 of 100 turns", f"<= {BAR_P99:.0f} ms", f"{p99:.1f} ms",
            p99 <= BAR_P99,
        ),
        Goal(
            "opening, in times of `from_pretrained` and a copy of its tensors", f"<= {BAR_TIMES}",
            f"{ours / theirs_owned:.2f}", ours <= BAR_TIMES * theirs_owned,
        ),
        Goal(
            "opening, in times of `from_pretrained` alone", f"<= {BAR_TIMES}", f"{ours / theirs:.2f}",
            ours <= BAR_TIMES * theirs,
        ),
        Goal(
            "`inspect` of BERT-base, never seen before", f"<= {BAR_INSPECT} s", f"{inspected[0]:.2f} s",
            inspected[0] <= BAR_INSPECT,
        ),
        Goal(
            "`inspect` of 10 GB in shards, never seen before", f"<= {BAR_INSPECT_LARGE:.0f} s", f"{large[0]:.2f} s",
            large[0] <= BAR_INSPECT_LARGE,
        ),
        Goal("memory of these", f"<= {BAR_INSPECT_MB:.0f} MB", f"{most_mb:.0f} MB", most_mb <= BAR_INSPECT_MB),
    ]  # fmt: skip
    how = (
        "A hub on loopback, in a process of its own, gives out one file; the program fetches it in its second lane "
        "and checks its sum, while one head after the other is looked at and a precise 5 ms timer notes how late the "
        "window's turns are. Opening is timed in fresh processes in turn with transformers' "
        "`BertForMaskedLM.from_pretrained` and its tokenizer, with the file in the system's cache and all imported. "
        "transformers maps the file and reads no number before it is used, so that whoever overwrites the file "
        "changes the model or ends the process; Headlight copies all of them to memory of its own, in threads beside "
        "all that builds the network, and checks headers, names, shapes and that every number is finite; so it is "
        "held against transformers with every tensor copied and summed up, too, which is the least that this takes. "
        "Fresh memory is slow to come where the machine is a virtual one: opening again in the same process takes "
        "what the first has given back. What is inspected is BERT-base, and a LLaMA in four files with holes in place "
        "of numbers, each time with settings that know of neither; the whole command is timed, Python's start "
        "included. A look over a line is asked of an engine that a program in place of ssh starts on this machine: it "
        "is what the line itself costs, without a network."
    )
    speed = fetched["n_bytes"] / 1e6 / fetched["seconds"]
    rows = [
        ("opening, Headlight", f"{ours:.2f} s"),
        ("opening, transformers", f"{theirs:.2f} s"),
        ("opening, transformers, and every tensor copied", f"{theirs_owned:.2f} s"),
        (
            "opening again: Headlight, transformers, and every tensor copied",
            f"{again:.2f} s, {theirs_again:.2f} s, {owned_again:.2f} s",
        ),
        ("download", f"{fetched['seconds']:.1f} s, {speed:,.0f} MB/s"),
        ("a look at a head, engine of this machine", f"{looks['ms_here']:.1f} ms"),
        ("the same over a line to this machine", f"{looks['ms_line']:.1f} ms"),
        ("heads looked at meanwhile", f"{fetched['looked']:,}"),
        ("lateness meanwhile, p50", f"{percentile(late, 0.5):.2f} ms"),
        ("lateness meanwhile, worst", f"{max(late):.1f} ms"),
    ]
    return Section("Getting at checkpoints", how, goals, [Table(("what", "measured"), rows)])


def _inspected(setup: Setup, folder: Path) -> tuple[float, float]:
    """Seconds and megabytes of the whole command, which never saw the checkpoint before."""
    told = [setup.ours("inspect_first", folder) for _ in range(1 if setup.is_smoke else 6)]
    told = told[1:] or told  # the first one may write what Python compiles
    return middle(told, "seconds"), middle(told, "megabytes")


def _fetched(setup: Setup, megabytes: int) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.ours.hub_of_one", REPO, str(megabytes)]
    hub = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert hub.stdout is not None
        address = hub.stdout.readline().strip()
        assert address, "the hub on loopback did not start"  # without, the real one would be asked
        return setup.ours("lateness_download", "bert-mini", REPO, address)
    finally:
        hub.kill()
        hub.wait()
