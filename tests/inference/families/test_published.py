"""Published configurations: each opens and attends as in transformers' own eager code, or says why it does not.

References
----------
The configurations are those of the checkpoints that `published_configs.json` names, with smaller sizes.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest
import torch

from inference.capture.capture import capture
from inference.context import Context, Refused
from inference.forward.model import Model
from inference.forward.opening import load
from inference.layouts.parts import PartsCall
from inference.results.inputs import ClipInput, ImageInput, Input, RegionsInput, SoundInput, TextInput
from tests.inference.captured import CLOSE
from tests.inference.published import CONFIGS, ON_FRAMES, REFUSED, eager_patterns, save_published
from tests.inference.tiny_joint import save_regions

# Families whose base model is not what attends, or not all of it.
WITH_HEAD = {"bridgetower", "captions", "composed", "films_and_text", "image_parts", "text_and_image"}
# DPR's base model is not one by itself.
WITH_HEAD_TYPES = {"dpr"}
# Its frames are scaled up by random weights: processors with other instructions differ by 1.6e-5. CLIPSeg's decoder
# multiplies what it reads by what random weights make of a text: its queries reach 1,000.
LESS_CLOSE = {"microsoft/xclip-base-patch32": 3e-5, "CIDAS/clipseg-rd64-refined": 2e-4}


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def input_of(model: Model, n: int, folder: Path) -> Input:
    generator = torch.Generator().manual_seed(1)
    ids = tuple(torch.randint(5, 490, (n,), generator=generator).tolist())
    reads = model.info.reads
    return Input(
        text=TextInput(token_ids=ids) if "text" in reads else None,
        image=ImageInput(seed=1, kind="scene") if "image" in reads else None,
        clip=ClipInput(seed=1) if "clip" in reads else None,
        sound=SoundInput(seed=1) if "sound" in reads else None,
        regions=RegionsInput(str(save_regions(folder / "regions.npz", n_numbers=16))) if "regions" in reads else None,
    )


def assert_output_is_unchanged(model: Model, tensors: dict[str, torch.Tensor]) -> None:
    """Capture must not change the answer."""
    outputs = []
    is_whole = model.info.family in WITH_HEAD or model.net.config.model_type in WITH_HEAD_TYPES
    for listening in (nullcontext(), capture(model.net, Context())):
        torch.manual_seed(0)
        with torch.inference_mode(), listening:
            output = model.family.output(model.net, tensors, with_head=is_whole)
        outputs.append([tensor for tensor in output.values() if isinstance(tensor, torch.Tensor)])
    for plain, captured in zip(*outputs, strict=True):
        torch.testing.assert_close(captured, plain, atol=CLOSE, rtol=CLOSE)


@pytest.mark.parametrize("name", [name for name in CONFIGS if name not in REFUSED])
def test_it_opens_and_attends_as_in_transformers(name, tmp_path):
    folder = save_published(name, tmp_path)
    model = load(str(folder), Context())
    assert not [note for note in model.info.notes if "lack" in note]
    run = model.run(input_of(model, CONFIGS[name].get("n", 14), tmp_path), Context())
    for_all = eager_patterns(name, model, run.encoded.tensors)
    for group in model.info.groups:
        n_queries, n_keys = map(len, run.tokens(group))
        for layer, call in model.each_call(run, group.name, Context()):
            pattern = call.patterns()
            assert pattern.shape == (group.n_heads[layer], n_queries, n_keys)
            torch.testing.assert_close(pattern.sum(-1), torch.ones(pattern.shape[:2]), atol=CLOSE, rtol=0)
            if isinstance(call, PartsCall) and name not in ON_FRAMES:
                continue  # windows, chunks: their own tests compare them
            expected = for_all.get(call.path, [])
            alike = [each for each in expected if each.shape == pattern.shape]
            assert alike, f"{group.name} {layer}: {[tuple(each.shape) for each in expected]}"
            assert min(float((pattern - each).abs().max()) for each in alike) <= LESS_CLOSE.get(name, CLOSE)
    # Last: BigBird's encoder is another one for good when it has read a short text.
    assert_output_is_unchanged(model, run.encoded.tensors)
    if "input_ids" in run.encoded.tensors:
        is_read = torch.ones_like(run.encoded.tensors["input_ids"])
        is_read[:, -3:] = 0
        assert_output_is_unchanged(model, run.encoded.tensors | {"attention_mask": is_read})


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_for_its_own_reason(name, tmp_path):
    folder = save_published(name, tmp_path)
    with pytest.raises(Refused) as refused:
        load(str(folder), Context())
    assert str(refused.value) == REFUSED[name]


def test_most_of_them_open():
    assert len(CONFIGS) == 100
    assert len(CONFIGS) - len(REFUSED) >= 94
