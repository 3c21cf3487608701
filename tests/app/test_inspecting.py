"""What a checkpoint is, is told at once: without torch, or because it came along, or was told before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import resources
from app.commands import inspecting
from app.commands.inspecting import inspected
from benchmarks.ours.make_sharded import make_sharded
from inference.context import Context, Refused
from inference.results.checkpoint import CheckpointInfo, InspectRequest
from inference.results.request import Capability
from inference.service.engine import Engine
from resources import CHECKPOINTS, bundled_checkpoints
from widgets.registry import VIEWS

ROOT = Path(__file__).parents[2]
AGAIN = "make it again: python -m resources.recipes.first_answers"
ASK = """
import sys
from pathlib import Path
from app.commands.command_line import run
status = run(["inspect", *sys.argv[1:]])
peak = Path("/proc/self/status")
print(peak.read_text().partition("VmHWM:")[2].split()[0] if peak.exists() else 0, file=sys.stderr)
print(sorted({"torch", "transformers"} & set(sys.modules)), file=sys.stderr)
sys.exit(status)
"""


def ask(checkpoint: str) -> CheckpointInfo:
    info = Engine().run(InspectRequest(checkpoint), Context())
    assert isinstance(info, CheckpointInfo)
    return info


def nobody(checkpoint: str) -> CheckpointInfo:
    raise AssertionError(f"{checkpoint} was inspected again")


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    return Path(shutil.copytree(CHECKPOINTS / "bert-mini", tmp_path / "mine"))


@pytest.fixture
def by_torch_alone(monkeypatch) -> None:
    """As of a checkpoint that only torch can tell of, wherever else torch is imported."""
    monkeypatch.setattr(inspecting, "told", lambda _checkpoint: None)


@pytest.mark.parametrize("name", bundled_checkpoints())
def test_it_is_told_as_it_was(name, qapp):
    """All of them, before anybody asked on this machine."""
    assert inspected(name, nobody) == ask(name), AGAIN


@pytest.mark.parametrize(("name", "view"), [("igpt-small", "complete_image"), ("igpt-masked", "masked_pixels")])
def test_a_reason_that_sends_elsewhere_calls_the_view_by_its_name(name, view, qapp):
    why = inspected(name, nobody).why_missing(frozenset({Capability.IMAGE_FEATURES}))
    assert why.endswith(f"see the linear probe in {next(entry.title for entry in VIEWS if entry.name == view)}")


@pytest.mark.usefixtures("by_torch_alone")
def test_an_adapter_is_told_of_the_base_that_it_came_with_alone(monkeypatch, tmp_path, qapp):
    monkeypatch.setattr(resources, "CHECKPOINTS", tmp_path)
    for name in ("bert-mini", "bert-mini-polarity"):
        shutil.copytree(CHECKPOINTS / name, tmp_path / name)
    inspected("bert-mini-polarity", nobody)
    change_config(tmp_path / "bert-mini")
    with pytest.raises(AssertionError, match="again"):
        inspected("bert-mini-polarity", nobody)


@pytest.mark.usefixtures("by_torch_alone")
def test_without_the_file_that_comes_along_it_is_asked_once(monkeypatch, tmp_path, qapp):
    monkeypatch.setattr(inspecting, "INSPECTED", tmp_path / "none")
    told = inspected("bert-mini", ask)
    assert inspected("bert-mini", nobody) == told


@pytest.mark.usefixtures("by_torch_alone")
def test_the_same_folder_from_elsewhere_and_in_its_own_precision(checkpoint, monkeypatch, qapp):
    told = inspected(str(checkpoint), ask)
    monkeypatch.chdir(checkpoint.parent)
    assert inspected("mine", nobody) == told
    with pytest.raises(AssertionError, match="again"):
        inspected(f"{checkpoint}?precision=file", nobody)


def change_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"id2label": {"0": "no", "1": "yes", "2": "perhaps"}}))


@pytest.mark.parametrize(
    "change",
    [
        change_config,
        lambda folder: (folder / "tokenizer.json").unlink(),
        lambda folder: os.utime(folder / "model.safetensors", ns=(1, 1)),
        lambda folder: (folder / "along").mkdir(),
    ],
    ids=["configuration", "tokenizer", "weights", "training"],
)
@pytest.mark.usefixtures("by_torch_alone")
def test_what_has_changed_is_inspected_again(checkpoint, change, qapp):
    inspected(str(checkpoint), ask)
    change(checkpoint)
    with pytest.raises(AssertionError, match="again"):
        inspected(str(checkpoint), nobody)


@pytest.mark.usefixtures("by_torch_alone")
def test_another_version_is_asked_again(checkpoint, monkeypatch, qapp):
    inspected(str(checkpoint), ask)
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "0.0")
    with pytest.raises(AssertionError, match="again"):
        inspected(str(checkpoint), nobody)


@pytest.mark.usefixtures("by_torch_alone")
def test_a_refusal_is_not_kept(tmp_path, qapp):
    (tmp_path / "config.json").write_text("{")
    for _ in range(2):
        with pytest.raises(Refused):
            inspected(str(tmp_path), ask)


def run(checkpoint: Path | str, *form: str) -> tuple[str, int, str]:
    """What the command prints, the kilobytes that its process took at most, and what it imported of torch."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", ASK, str(checkpoint), *form],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    kilobytes, imported = done.stderr.split("\n")[-3:-1]
    return done.stdout, int(kilobytes), imported


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_neither_torch_nor_transformers_is_imported(checkpoint, form, qapp):
    """Of a checkpoint that nobody has seen before."""
    said, kilobytes, imported = run(checkpoint, *form)
    assert imported == "[]"
    assert "BertForPreTraining" in said
    assert kilobytes < 60_000  # 33,000 here; another system or Python may take a little more


def test_what_only_torch_can_tell_is_told_by_it_and_kept(checkpoint, qapp):
    """One tensor has no place. What stands in for torch gives way to it in the same process."""
    weights = checkpoint / "model.safetensors"
    save_file(load_file(weights) | {"of_nothing": np.zeros(3, np.float32)}, weights)
    said, _, imported = run(checkpoint)
    assert "of_nothing" in said
    assert imported == "['torch', 'transformers']"
    assert run(checkpoint)[::2] == (said, "[]")


def test_ten_gigabytes_in_shards_are_told_of_their_headers_alone(tmp_path, qapp):
    assert make_sharded(tmp_path / "large") > 10e9
    said, kilobytes, imported = run(tmp_path / "large")
    assert imported == "[]"
    assert "5,119,348,736" in said
    assert "LlamaForCausalLM" in said
    assert kilobytes < 60_000


@pytest.mark.parametrize(
    ("checkpoint", "name"),
    [("vilbert-scenes", "ViLBERT"), ("videobert-clips", "VideoBERT"), ("uniter-scenes", "UNITER")],
)
def test_what_is_off_is_said_plainly_and_by_the_name_that_the_paper_gives(checkpoint, name):
    info = ask(checkpoint)
    whys = [missing.why for missing in info.missing]
    assert any(name in why for why in whys)
    assert [why for why in whys if info.architecture in why or "Headlight" in why or "is not known" in why] == []


def test_a_model_that_writes_captions_says_where():
    (why,) = (missing.why for missing in ask("virtex-scenes").missing if missing.capability == "generation")
    assert why == "VirTex goes on with no text, it writes captions of images: see Caption"
