"""All mutants, and the page that says what came of them.

    python -m tests.mutator [--mutants 3000] [--first 0]

Exit status 1 where a rule was broken. Writes docs/reliability.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.mutator import campaign
from tests.mutator.bases import make_bases
from tests.mutator.campaign import MOST_BYTES, MOST_SECONDS, ROOT, Campaign

PAGE = ROOT / "docs" / "reliability.md"


def page(done: Campaign, first: int, seconds: float) -> str:
    """The page in Markdown."""
    results, faults = done.results, done.faults()
    outcomes = Counter(result["outcome"] for result in results)
    bases = Counter(result["base"] for result in results)
    opened = {base: sum(r["base"] == base and r["outcome"] == "opened" for r in results) for base in bases}
    rows = [f"| {base} | {bases[base]:,} | {opened[base]:,} |" for base in sorted(bases)]
    lines = [
        "# Reliability",
        "",
        "Written by `python -m tests.mutator`; the test suite runs a share of the same mutants.",
        "",
        f"{len(results):,} checkpoints were spoiled (seeds {first:,} to {first + len(results) - 1:,}): values, keys, "
        "nesting and bytes of the configuration, the tokenizer and the preprocessor; entries, bytes and length of the "
        "weights' header; files swapped, cut, emptied, or replaced by a FIFO, a folder, a device or a link; files "
        "with code, adapters and templates added. Each was opened and asked for its heads, as the window does.",
        "",
        "| rule | broken |",
        "|---|---|",
        f"| every answer is a result or a sentence (no raw exception, no class names) | {count(faults, 'raw:')} |",
        f"| the process lives | {count(faults, 'the process')} |",
        f"| what is opened holds the tensors of its file, bit by bit | {count(faults, 'wrong success')} |",
        f"| at most {MOST_SECONDS:.0f} s of the processor | {count(faults, ' s: ')} |",
        f"| at most {MOST_BYTES // 2**30} GB more memory | {count(faults, ' GB: ')} |",
        f"| no file outside the folder is read | {count(faults, 'opened /')} |",
        f"| no code of a checkpoint runs | {count(faults, 'code of the')} |",
        "",
        f"Opened {outcomes['opened']:,}, refused {outcomes['refused']:,}. Slowest "
        f"{max(r.get('cpu', 0.0) for r in results):.2f} s of the processor, most memory "
        f"{max(r.get('bytes', 0) for r in results) / 2**20:,.0f} MB. The run took {seconds / 60:.0f} minutes.",
        "",
        "| made from | mutants | opened all the same |",
        "|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(lines)


def count(faults: list[str], kind: str) -> int:
    """How many faults are of a kind."""
    return sum(kind in fault.partition("): ")[2].partition("\n")[0] for fault in faults)


def main() -> int:
    """Run them and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutant")
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        make_bases(Path(name) / "bases")
        seeds = range(options.first, options.first + options.mutants)
        done = campaign.run(Path(name) / "bases", Path(name) / "place", seeds, tell)
    PAGE.write_text(page(done, options.first, time.monotonic() - start), encoding="utf-8")
    return 1 if done.faults() else 0


def tell(result: dict) -> None:
    """Print what is wrong with it."""
    for fault in campaign.faults_of(result):
        sys.stdout.write(f"{result['seed']} {result['base']} ({result['what']}): {fault}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
