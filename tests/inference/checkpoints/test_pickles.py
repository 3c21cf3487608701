"""Pickled weights become safetensors once, as tensors and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import zipfile

import pytest
import torch
from safetensors.torch import load_file

from inference.checkpoints.converting.pickles import convert
from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.results.conversion import ConvertRequest
from resources import CHECKPOINTS

MINI = CHECKPOINTS / "bert-mini"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "old"
    folder.mkdir()
    for path in MINI.iterdir():
        if path.suffix != ".safetensors":
            shutil.copy(path, folder)
    return folder


def converted(folder, tmp_path):
    return convert(ConvertRequest(str(folder), str(tmp_path / "converted")), Context())


def test_it_opens_as_what_it_is_and_is_converted_once(folder, tmp_path):
    tensors = load_file(MINI / "model.safetensors")
    old = {name.replace("LayerNorm.weight", "LayerNorm.gamma"): tensor for name, tensor in tensors.items()}
    torch.save(old, folder / "pytorch_model.bin")
    done = converted(folder, tmp_path)
    found, meant = inspect(done.folder), inspect("bert-mini")
    assert (found.architecture, found.n_parameters, found.capabilities) == (
        meant.architecture,
        meant.n_parameters,
        meant.capabilities,
    )
    assert all(
        torch.equal(tensor, tensors[name]) for name, tensor in load_file(f"{done.folder}/model.safetensors").items()
    )
    before = os.stat(f"{done.folder}/model.safetensors").st_mtime_ns
    assert converted(folder, tmp_path) == done
    assert os.stat(f"{done.folder}/model.safetensors").st_mtime_ns == before


def test_parts_are_put_together(folder, tmp_path):
    names = [f"pytorch_model-0000{i}-of-00002.bin" for i in (1, 2)]
    items = list(load_file(MINI / "model.safetensors").items())
    for name, part in zip(names, (items[:9], items[9:]), strict=True):
        torch.save(dict(part), folder / name)
    where = {key: names[i >= 9] for i, (key, _) in enumerate(items)}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": where}))
    assert converted(folder, tmp_path).n_tensors == len(items)


class Evil:
    def __reduce__(self):
        return os.mkdir, ("/tmp/headlight-was-run",)


def test_a_pickle_that_would_run_code_is_refused_and_runs_none(folder, tmp_path):
    torch.save({"x": Evil()}, folder / "pytorch_model.bin")
    with pytest.raises(Refused, match=r"pytorch_model\.bin holds other things than tensors"):
        converted(folder, tmp_path)
    assert not os.path.exists("/tmp/headlight-was-run")
    assert not (tmp_path / "converted").exists() or not list((tmp_path / "converted").iterdir())


def test_what_would_unpack_to_more_than_it_has_is_refused(folder, tmp_path):
    with zipfile.ZipFile(folder / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("archive/data.pkl", bytes(1_000_000))
    with pytest.raises(Refused, match="would unpack to more than it has"):
        converted(folder, tmp_path)


@pytest.mark.parametrize(
    ("content", "said"), [([1, 2], "holds no tensors by name"), ({"n": 1}, "sparse, quantised or none")]
)
def test_what_is_no_weights_is_said(folder, tmp_path, content, said):
    torch.save(content, folder / "pytorch_model.bin")
    with pytest.raises(Refused, match=said):
        converted(folder, tmp_path)


def test_an_index_leads_to_no_other_file(folder, tmp_path):
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": {"x": "../secret.bin"}}))
    with pytest.raises(Refused, match="is no part of the weights in the same folder"):
        converted(folder, tmp_path)
