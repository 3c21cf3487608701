"""`python -m benchmarks.run`: measures everything and writes docs/performance.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.measure import ROOT, Setup, x_server

# In the order of the page; each module has `run(setup) -> Section`.
BENCHMARKS = (
    "start", "responsiveness", "checkpoints", "head_grid", "layer_change", "export", "figures", "capture", "memory",
    "tiles", "panning", "mesh_viewer", "mesh_sampling", "patches", "lens", "pairs", "labels", "jobs", "training",
    "writing", "answers",
)  # fmt: skip

RESULTS = ROOT / "benchmarks" / "results"  # the latest of each, of which the page is made


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="measure these; the rest of the page stays")
    parser.add_argument("--smoke", action="store_true", help="small and once: do they still run? Writes nothing")
    parser.add_argument("--peers", type=Path, default=ROOT / "benchmarks" / "peers", help="folder of their environment")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, x_server() as display:
        environment = display | {"XDG_RUNTIME_DIR": folder}
        setup = Setup(options.smoke, options.peers.resolve(), Path(folder), environment)
        versions = _versions_of_peers(setup)
        sections = []
        for name in options.only or BENCHMARKS:
            sections.append(_measure(name, setup))
            if not options.smoke:
                report.keep(name, sections[-1], RESULTS)
    if options.smoke:
        sys.stdout.write(report.page(sections, versions))
    else:
        kept = [report.kept(name, RESULTS) for name in BENCHMARKS]
        page = report.page([section for section in kept if section], versions)
        (ROOT / "docs" / "performance.md").write_text(page, encoding="utf-8")
    return 0 if all(goal.is_held for section in sections for goal in section.goals) else 1


def _versions_of_peers(setup: Setup) -> dict[str, str]:
    """Where none are installed, as they were when last measured: what needs none is measured all the same."""
    file = RESULTS / "peers.json"
    if not (setup.peers / "venv").exists():
        return json.loads(file.read_text(encoding="utf-8"))
    versions = setup.peer("versions")
    if not setup.is_smoke:
        file.write_text(json.dumps(versions, indent=1), encoding="utf-8")
    return versions


def _measure(name: str, setup: Setup) -> report.Section:
    sys.stderr.write(f"{name} ...\n")
    before = report.load_now()
    try:
        section = import_module(f"benchmarks.{name}").run(setup)
    except (RuntimeError, AssertionError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{error}\n")
        section = report.Section(name, "It failed.", [report.Goal("it runs", "yes", "no", is_held=False)])
    return section.with_load(f"{before} before, {report.load_now()} after, {time.strftime('%Y-%m-%d')}")


if __name__ == "__main__":
    sys.exit(main())
