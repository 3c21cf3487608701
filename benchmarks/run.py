"""`python -m benchmarks.run`: measures everything and writes docs/performance.md."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.measure import ROOT, Setup, x_server

# In the order of the page; each module has `run(setup) -> Section`.
BENCHMARKS = ("start", "responsiveness", "head_grid", "layer_change", "export", "capture")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="print these instead of writing the page")
    parser.add_argument("--smoke", action="store_true", help="small and once: do they still run? Writes nothing")
    parser.add_argument("--peers", type=Path, default=ROOT / "benchmarks" / "peers", help="folder of their environment")
    parser.add_argument("--nice", type=int, default=0, help="priority of all that is measured; negative needs root")
    options = parser.parse_args()
    os.nice(options.nice)
    with tempfile.TemporaryDirectory() as folder, x_server() as display:
        environment = display | {"HEADLIGHT_HOME": folder, "XDG_RUNTIME_DIR": folder}
        setup = Setup(options.smoke, options.peers.resolve(), Path(folder), environment)
        versions = setup.peer("versions")
        sections: list[report.Section] = []
        for name in options.only or BENCHMARKS:
            sections.append(_measure(name, setup))
            page = report.page(sections, versions, options.nice)
            if not options.only and not options.smoke:
                # After each, so that what took minutes is not lost with what fails later.
                (ROOT / "docs" / "performance.md").write_text(page, encoding="utf-8")
    if options.only or options.smoke:
        sys.stdout.write(page)
    return 0 if all(goal.is_held for section in sections for goal in section.goals) else 1


def _measure(name: str, setup: Setup) -> report.Section:
    sys.stderr.write(f"{name} ...\n")
    before = report.load_now()
    try:
        section = import_module(f"benchmarks.{name}").run(setup)
    except (RuntimeError, AssertionError, subprocess.TimeoutExpired) as error:
        sys.stderr.write(f"{error}\n")
        section = report.Section(name, "It failed.", [report.Goal("it runs", "yes", "no", is_held=False)])
    return section.with_load(f"{before} before, {report.load_now()} after")


if __name__ == "__main__":
    sys.exit(main())
