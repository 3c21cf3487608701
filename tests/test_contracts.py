"""A contract of import-linter is accepted when it has been seen red: here each is, on a planted violation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("app", "widgets", "inference", "resources")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["id"]: contract["name"] for contract in PYPROJECT["tool"]["importlinter"]["contracts"]}

# By contract: a module, and the import in it that must not be.
VIOLATIONS = {
    "layers": ("inference/planted.py", "import widgets.view"),
    "recipes-on-top": ("inference/planted.py", "import resources.recipes"),
    "widgets-no-torch": ("inference/results/planted.py", "def late():\n    import torch"),
    "widgets-see-results-only": ("widgets/planted.py", "import inference.service.wire"),
    "inference-no-qt": ("inference/families/planted.py", "import PySide6.QtCore"),
    "app-no-torch": ("app/planted.py", "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import torch"),
    "views-independent": ("widgets/views/planted.py", "import widgets.views.heads.view"),
    "families-independent": ("inference/families/planted.py", "import inference.families.encoder"),
    "analyses-independent": ("inference/analyses/planted.py", "import inference.analyses.heads"),
    "analyses-ask-families": ("inference/analyses/planted.py", "import inference.families.encoder"),
    "inference-floors": ("inference/capture/planted.py", "import inference.layouts.swin"),
    "widgets-floors": ("widgets/figures/planted.py", "import widgets.panels.details"),
    "app-asks-the-engine": ("app/planted.py", "import inference.analyses.heads"),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Return a copy of the four packages, sources only, with the project's settings."""
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for package in PACKAGES:
        for source in (ROOT / package).rglob("*.py"):
            target = copy / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    # A view reaches torch only through what it imports, so one has to import the planted module.
    with (copy / "widgets/views/heads/view.py").open("a", encoding="utf-8") as file:
        file.write("\nimport inference.results.planted\n")
    (copy / "inference/results/planted.py").touch()
    return copy


def broken(checkout, *options):
    """Contracts that `lint-imports` calls broken, by name."""
    command = [str(Path(sys.executable).with_name("lint-imports")), *options]
    environment = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True)
    report = done.stdout + done.stderr
    assert "Contracts: " in report, report
    assert done.returncode == (0 if " 0 broken" in report else 1)
    return re.findall(r"^(.+) BROKEN", report, flags=re.MULTILINE)


def test_without_a_violation_all_are_kept(checkout):
    assert broken(checkout) == []


def test_every_contract_has_a_violation():
    assert set(VIOLATIONS) == set(CONTRACTS)


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_planted_violation_turns_it_red(checkout, contract):
    module, statement = VIOLATIONS[contract]
    planted = checkout / module
    before = planted.read_text(encoding="utf-8") if planted.exists() else None
    planted.write_text(statement + "\n", encoding="utf-8")
    try:
        assert broken(checkout, "--contract", contract) == [CONTRACTS[contract]]
    finally:
        planted.unlink()
        if before is not None:
            planted.write_text(before, encoding="utf-8")
