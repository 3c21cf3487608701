"""The page that a run writes."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


@dataclass(frozen=True)
class Goal:
    """A bar, what was measured against it, and whether it was reached."""

    what: str
    bar: str
    measured: str
    is_held: bool


@dataclass(frozen=True)
class Table:
    """Numbers; cells are text already."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def markdown(self) -> str:
        lines = [self.header, tuple("---" for _ in self.header), *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class Section:
    """What one benchmark found. `how` says in a few sentences what was done and what bounds it."""

    title: str
    how: str
    goals: list[Goal]
    tables: list[Table] = field(default_factory=list)
    load: str = ""

    def with_load(self, load: str) -> Section:
        """The same, saying how busy the machine was."""
        return replace(self, load=load)

    def markdown(self) -> str:
        goals = Table(
            ("goal", "bar", "measured", ""),
            [(goal.what, goal.bar, goal.measured, "held" if goal.is_held else "**missed**") for goal in self.goals],
        )
        parts = [f"## {self.title}", self.how, goals.markdown(), *(table.markdown() for table in self.tables)]
        if self.load:
            parts.append(f"Load and date: {self.load}.")
        return "\n\n".join(parts)


def keep(name: str, section: Section, folder: Path) -> None:
    """Write down what a benchmark found, for the next page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(asdict(section), indent=1), encoding="utf-8")


def kept(name: str, folder: Path) -> Section | None:
    """What a benchmark found when it was last run; None if it never was."""
    file = folder / f"{name}.json"
    if not file.exists():
        return None
    found = json.loads(file.read_text(encoding="utf-8"))
    goals = [Goal(**goal) for goal in found.pop("goals")]
    tables = [Table(tuple(table["header"]), [tuple(row) for row in table["rows"]]) for table in found.pop("tables")]
    return Section(goals=goals, tables=tables, **found)


def page(sections: list[Section], peers: dict[str, str]) -> str:
    """All of it as markdown."""
    n_held = sum(goal.is_held for section in sections for goal in section.goals)
    n_goals = sum(len(section.goals) for section in sections)
    head = (
        "# Performance\n\n"
        "Written by `python -m benchmarks.run`; see [benchmarks/README.md](../benchmarks/README.md) for how to run it "
        "again. Both sides of every comparison ran in turn on the same machine; times are medians. Ratios hold better "
        f"than absolute times. {n_held} of {n_goals} goals are held. {_ages(sections)}"
    )
    return "\n\n".join([head, _conditions(peers), *(section.markdown() for section in sections)]) + "\n"


def _ages(sections: list[Section]) -> str:
    """From when the numbers are: what was changed since a day is not in those of that day."""
    days: dict[str, list[str]] = {}
    for section in sections:
        days.setdefault(section.load.rpartition(", ")[2], []).append(section.title)
    if len(days) == 1:
        return f"All were measured on {next(iter(days))}."
    *older, newest = sorted(days)
    told = [f"{', '.join(days[day])} on {day}" for day in (newest, *reversed(older))]
    return f"Not all were measured on one day: {'; '.join(told)}. The program has changed in between."


def _conditions(peers: dict[str, str]) -> str:
    packages = ("PySide6-Essentials", "torch", "transformers", "numpy")
    ours = ", ".join(f"{name} {_version(name)}" for name in packages)
    theirs = ", ".join(f"{name} {number}" for name, number in peers.items())
    rows = [
        ("processor", f"{_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, no GPU used"),
        ("system", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, windows on Xvfb"),
        ("ours", ours),
        ("peers", theirs),
        ("other programs", "the cores were shared; the load of the last minute stands below each section"),
    ]
    return Table(("", "conditions"), rows).markdown()


def load_now() -> str:
    """Of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def ratio(theirs: float, ours: float) -> str:
    """How many times theirs is ours."""
    times = theirs / ours
    return f"{times:,.0f}x" if times >= 10 else f"{times:.2g}x"


def ms(seconds: float) -> str:
    """Milliseconds with as many digits as mean something."""
    value = seconds * 1000
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
