"""What is told of a checkpoint without torch is what is told with it, or nothing."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import nn

from inference.checkpoints.inspection import inspect
from inference.checkpoints.outlines import tensors
from inference.checkpoints.outlines.layers import LAYERS
from inference.checkpoints.outlines.modules import NotHeld, OutlineModule
from inference.checkpoints.outlines.quick import told
from inference.context import Refused
from inference.results.checkpoint import CheckpointInfo
from resources import checkpoint_path
from tests.inference import tiny_chat, tiny_images, tiny_joint, tiny_models, tiny_pairs
from tests.inference.checkpoints.test_adapters import QUERY, matrices, save_adapter, sequence_head
from tests.inference.published import save_published
from tests.inference.tiny_checkpoints import edit_config, load_weights, save, save_bert, save_gpt2, save_weights
from tests.inference.tiny_types import config_of
from tests.mutator import mutants

ROOT = Path(__file__).parents[3]
TELL = """
import pickle, sys
from inference.checkpoints.outlines.quick import told_of_all
found = told_of_all(sys.argv[1:])
heavy = {"torch", "transformers", "numpy", "PIL", "inference.families.encoder"} & {*sys.modules}
finders = [type(one).__name__ for one in sys.meta_path if "outlines" in type(one).__module__]
ours = "inference.checkpoints.outlines"
kept = [
    name for name, module in sys.modules.items() if not name.startswith(ours)
    if any((getattr(type(value), "__module__", "") or "").startswith(ours) for value in vars(module).values())
]
sys.stdout.buffer.write(pickle.dumps((found, heavy, finders + kept)))
"""


def quickly(folders: list[Path]) -> list[CheckpointInfo | None]:
    """Each in turn, in a process that has no torch, and none of what stands in for it behind."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", TELL, *map(str, folders)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    found, heavy, left = pickle.loads(done.stdout)
    assert heavy == set()
    assert left == []
    return found


def slowly(folder: Path) -> CheckpointInfo | None:
    """None for a refusal."""
    try:
        return inspect(str(folder))
    except Refused:
        return None


def compared(folders: list[Path]) -> list[Path]:
    """Those that were told quickly; fails where one of them was told otherwise than slowly, or is refused."""
    found = quickly(folders)
    told_so = [(folder, info) for folder, info in zip(folders, found, strict=True) if info is not None]
    for folder, info in told_so:
        assert info == slowly(folder), folder.name
    return [folder for folder, _ in told_so]


PUBLISHED = (
    "google-bert/bert-base-uncased", "distilbert-base-uncased-finetuned-sst-2-english", "albert/albert-base-v2",
    "openai-community/gpt2", "EleutherAI/pythia-70m", "meta-llama/Llama-2-7b-hf", "Qwen/Qwen3-0.6B",
    "google/gemma-3-4b-it", "google-t5/t5-small", "facebook/bart-base", "Helsinki-NLP/opus-mt-en-de",
    "google/vit-base-patch16-224", "facebook/deit-base-patch16-224", "microsoft/beit-base-patch16-224-pt22k-ft22k",
    "facebook/dinov2-small", "openai/clip-vit-base-patch32", "dandelin/vilt-b32-mlm",
)  # fmt: skip
# What holds a part that a stand-in would have to make.
UNKNOWN = "huggingface/time-series-transformer-tourism-monthly"


def test_published_configurations(tmp_path):
    folders = [tmp_path / name.replace("/", " ") for name in (*PUBLISHED, UNKNOWN)]
    for name, folder in zip((*PUBLISHED, UNKNOWN), folders, strict=True):
        folder.mkdir()
        save_published(name, folder)
    assert compared(folders) == folders[:-1]


def test_each_kind_of_model(tmp_path):
    kinds: dict[str, tuple[Any, Callable[[Path, str], object]]] = {
        "chat": (tiny_chat.BUILDERS, tiny_chat.save),
        "image": (tiny_images.BUILDERS, lambda folder, name: tiny_images.save(folder, name, with_preprocessor=True)),
        "joint": (tiny_joint.BUILDERS, tiny_joint.save),
        "pair": (tiny_pairs.BUILDERS, tiny_pairs.save),
        "text": (tiny_models.ARCHITECTURES, lambda folder, name: tiny_models.build(name).save_pretrained(folder)),
    }
    folders = []
    for kind, (names, write) in kinds.items():
        for name in names:
            folders.append(tmp_path / f"{kind}-{name}".replace("/", "_"))
            folders[-1].mkdir()
            write(folders[-1], name)
    assert len(folders) > 70
    assert compared(folders) == folders


@pytest.mark.parametrize(
    "name", ["igpt-masked", "vilt-scenes", "oscar-scenes", "bert-mini-polarity", "gpt-mini-polarity"]
)
def test_one_that_is_told_alone_needs_nothing_that_another_one_left(tmp_path, name):
    folder = shutil.copytree(checkpoint_path(name), tmp_path / f"my-{name}")
    assert compared([folder]) == [folder]


def test_adapters(tmp_path):
    wrong = {"base_model.model.classifier.weight": torch.ones(2, 31)}
    made = {
        "a head": (matrices(QUERY) | sequence_head(), {"task_type": "SEQ_CLS"}),
        "named classes": (
            matrices(QUERY) | sequence_head(),
            {"task_type": "SEQ_CLS", "id2label": {"0": "bad", "1": "good"}},
        ),
        "no head": (matrices(QUERY), {}),
        "a head of another size": (matrices(QUERY) | sequence_head() | wrong, {"task_type": "SEQ_CLS"}),
        "a tensor of the head too many": (
            matrices(QUERY) | sequence_head() | {"base_model.model.more.weight": torch.ones(3)},
            {"task_type": "SEQ_CLS"},
        ),
        "another kind": (matrices(QUERY), {"peft_type": "IA3"}),
    }
    save_bert(tmp_path / "base")
    folders = [save_adapter(tmp_path / name, tensors, **says) for name, (tensors, says) in made.items()]
    with_too_much = save_bert(tmp_path / "more")
    with_tensor("classifier.weight", 2, 32)(with_too_much)
    folders.append(save_adapter(tmp_path / "of more", matrices(QUERY), base_model_name_or_path="more"))
    assert [folder.name for folder in compared(folders)] == ["a head", "named classes", "no head"]


USUAL = (
    "albert", "bert", "deberta", "deberta-v2", "distilbert", "electra", "gemma", "gpt2", "gpt_neox", "llama",
    "longformer", "mistral", "modernbert", "qwen2", "qwen3", "roberta", "xlm-roberta",
)  # fmt: skip
HEADS = (
    transformers.models.auto.modeling_auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
    transformers.models.auto.modeling_auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
    transformers.models.auto.modeling_auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
)


def test_fine_tuned_ones_with_any_number_of_labels(tmp_path):
    folders = []
    for number, model_type in enumerate(USUAL):
        cls = HEADS[number % 3].get(model_type) or HEADS[0][model_type]
        config = config_of(model_type, num_labels=3 + number, pad_token_id=1)
        folders.append(save(tmp_path / model_type, config, cls))
    assert compared(folders) == folders


def test_experts_are_built_as_they_are(tmp_path):
    """Their classes stand behind decorators of transformers that are not there."""
    wrong = save(tmp_path / "wrong", config_of("flex_olmo", pad_token_id=1), "FlexOlmoForCausalLM")
    edit_config(wrong, hidden_act="none such")
    folders = [
        save(tmp_path / model_type, config_of(model_type, pad_token_id=1), cls)
        for model_type, cls in (("granitemoe", "GraniteMoeForCausalLM"), ("mixtral", "MixtralForCausalLM"))
    ]
    assert compared([*folders, wrong]) == folders


def without(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        weights = load_weights(folder)
        save_weights(folder, {key: value for key, value in weights.items() if name not in key})

    return change


def with_tensor(name: str, *shape: int) -> Callable[[Path], None]:
    return lambda folder: save_weights(folder, load_weights(folder) | {name: torch.zeros(shape)})


def renamed(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        weights = load_weights(folder)
        save_weights(folder, {key.replace(old, new): value for key, value in weights.items()})

    return change


def in_shards(folder: Path) -> None:
    net: Any = transformers.BertForPreTraining.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    net.save_pretrained(folder, max_shard_size="10KB")


# By name: how a BERT is changed, and whether it is told of at once; of the others most are refused.
CHANGES: dict[str, tuple[Callable[[Path], object], bool]] = {
    "as it is": (lambda folder: None, True),
    "no tokenizer": (lambda folder: [path.unlink() for path in folder.glob("*token*")], True),
    "no pooler": (without("pooler"), False),
    "no head": (without("cls."), True),
    "a head too many": (with_tensor("classifier.weight", 2, 32), False),
    "names of TensorFlow": (renamed("LayerNorm.weight", "LayerNorm.gamma"), True),
    "no prefix": (renamed("bert.", ""), True),
    "in shards": (in_shards, True),
    "untied": (lambda folder: edit_config(folder, tie_word_embeddings=False), False),
    "another activation": (lambda folder: edit_config(folder, hidden_act="silu"), True),
    "no class": (lambda folder: edit_config(folder, architectures=None), True),
    "another class": (lambda folder: edit_config(folder, architectures=["BertForTokenClassification"]), True),
    "a decoder": (lambda folder: edit_config(folder, is_decoder=True, architectures=["BertLMHeadModel"]), True),
    "a number format": (lambda folder: edit_config(folder, dtype="float16"), True),
    "no number format": (lambda folder: edit_config(folder, dtype="float17"), False),
    "more layers": (lambda folder: edit_config(folder, num_hidden_layers=3), False),
    "fewer layers": (lambda folder: edit_config(folder, num_hidden_layers=1), False),
    "another width": (lambda folder: edit_config(folder, hidden_size=48), False),
    "heads that do not divide": (lambda folder: edit_config(folder, num_attention_heads=5), False),
    "padding beyond the vocabulary": (lambda folder: edit_config(folder, pad_token_id=10**6), False),
    "a share beyond 1": (lambda folder: edit_config(folder, hidden_dropout_prob=2), False),
    "a word for a number": (lambda folder: edit_config(folder, layer_norm_eps="x"), False),
    "no activation": (lambda folder: edit_config(folder, hidden_act="none such"), False),
    "a body part too many": (with_tensor("bert.encoder.layer.0.attention.self.distance_embedding.weight", 9, 8), False),
    "an adapter": (with_tensor("bert.encoder.layer.0.attention.self.query.lora_A.weight", 4, 32), False),
    "no such model": (lambda folder: edit_config(folder, model_type="none such"), False),
}


def test_changed_ones(tmp_path):
    folders = []
    for number, (change, _) in enumerate(CHANGES.values()):
        folders.append(save_bert(tmp_path / str(number)))
        change(folders[-1])
    quick = compared(folders)
    assert {name: folder in quick for name, folder in zip(CHANGES, folders, strict=True)} == {
        name: opens for name, (_, opens) in CHANGES.items()
    }
    others = [name for name, folder in zip(CHANGES, folders, strict=True) if folder not in quick and slowly(folder)]
    assert others == ["no pooler", "a head too many", "untied"]  # of each a head finds no place


def test_spoiled_ones(tmp_path):
    """Seeds that no campaign has; see `tests.mutator`."""
    bases = [save_bert(tmp_path / "bert"), save_gpt2(tmp_path / "gpt2"), tmp_path / "vit", tmp_path / "clip"]
    tiny_images.save(bases[2], "vit", with_preprocessor=True)
    tiny_pairs.save(bases[3], "clip")
    folders = []
    for seed in range(200_000, 200_060):
        folders.append(tmp_path / f"spoiled {seed}")
        mutants.make(bases[seed % len(bases)], folders[-1], seed)
    assert 15 <= len(compared(folders)) <= 45  # the others are refused


def test_where_torch_is_nothing_stands_in_for_it(sound):
    assert "torch" in sys.modules
    assert told(str(sound)) is None


LAYERS_OF = {
    "BatchNorm2d": (6,),
    "Conv1d": (4, 6, 3),
    "Conv2d": (4, 6, (3, 2)),
    "ConvTranspose2d": (4, 6, 3),
    "Embedding": (7, 5, 1),
    "GroupNorm": (2, 6),
    "LayerNorm": ((3, 4),),
    "Linear": (3, 5),
    "MultiheadAttention": (8, 2),
    "RMSNorm": (6,),
}


@pytest.mark.parametrize("name", LAYERS_OF)
def test_a_layer_is_that_of_torch(name):
    options: list[dict[str, Any]] = [{}]
    if name in ("Conv1d", "Conv2d", "ConvTranspose2d", "LayerNorm", "Linear", "MultiheadAttention"):
        options.append({"bias": False})
    if name.startswith("Conv"):
        options.append({"groups": 2})
    for named in options:
        ours, theirs = LAYERS[name](*LAYERS_OF[name], **named), getattr(nn, name)(*LAYERS_OF[name], **named)
        assert shapes(ours) == shapes(theirs)
        assert [*ours.state_dict()] == [*theirs.state_dict()]


def test_layers_without_parameters_are_those_of_torch():
    for name, layer in LAYERS.items():
        assert hasattr(nn, name)
        has_none = layer.__bases__ == (OutlineModule,) and "__init__" not in vars(layer)
        if has_none and name not in ("Flatten", "Module"):
            made = getattr(nn, name)
            assert "weight" not in made.__init__.__code__.co_names, name


def shapes(module: Any) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in module.named_parameters()}


@pytest.mark.parametrize(
    "work_out",
    [
        lambda t: t.tril(t.ones((3, 3))).view(1, 1, 3, 3),
        lambda t: 1.0 / (10_000 ** (t.arange(0, 8, 2) / 8)),
        lambda t: t.arange(5).expand((1, -1)),
        lambda t: t.arange(5)[:, None] * t.ones(4),
        lambda t: t.cat((t.ones(2, 3), t.zeros(2, 4)), dim=-1),
        lambda t: t.ones(2, 1, 4)[:, 0, 1:].unsqueeze(-1),
        lambda t: t.zeros(2, 6).view(3, -1),
        lambda t: t.where(t.ones(3, 1) > 0, t.ones(4), 0.0),
        lambda t: t.full((2, 3), 1.0),
        lambda t: t.tensor([[1.0, 2.0]]),
        lambda t: t.stack(t.meshgrid([t.arange(3), t.arange(4)], indexing="ij")),
        lambda t: t.meshgrid(t.arange(3), t.arange(4), indexing="ij")[1],
        lambda t: t.flatten(t.ones(2, 3, 4), 1),
        lambda t: t.ones(2, 3, 4).flatten(),
        lambda t: t.ones(2, 3, 4).flatten(0, 1),
        lambda t: t.arange(3).outer(t.arange(4)),
        lambda t: t.ones(2, 3, 4).permute(1, 2, 0),
        lambda t: t.ones(2, 3, 4).sum(-1),
        lambda t: t.ones(2, 3, 4)[..., 1:],
        lambda t: t.ones(2, 3, 4)[0, ..., None],
        lambda t: t.ones(2, 3, 4)[:, None, ...],
    ],
)
def test_a_tensor_has_the_shape_of_torch(work_out):
    assert work_out(Outlines).shape == tuple(work_out(torch).shape)


class Outlines:
    """As the stand-in has them."""

    arange, cat, full, tensor = tensors.arange, tensors.cat, tensors.full, tensors.of_values
    flatten, meshgrid, stack = tensors.flatten, tensors.meshgrid, tensors.stack
    ones, zeros, tril, where = tensors.sized, tensors.sized, tensors.like, tensors.broadcast


@pytest.mark.parametrize(
    "asked",
    [
        lambda: tensors.OutlineTensor(None).shape,
        lambda: bool(tensors.sized(2) > 0),
        lambda: tensors.sized(2).item(),
        lambda: list(tensors.sized(2)),
        lambda: tensors.sized(2.5),
        lambda: tensors.OutlineParameter(tensors.of_values(3)),
        lambda: tensors.sized(2, 3).view(7, -1),
        lambda: tensors.sized(2, 3).permute(0, 0),
        lambda: tensors.sized(2, 3).sum().shape,
        lambda: tensors.meshgrid(tensors.arange(3), indexing="xy"),
        lambda: LAYERS["Embedding"](5, 2, 5),
        lambda: LAYERS["Linear"](2, 3)(tensors.sized(2)),
        lambda: setattr(OutlineModule(), "part", NotHeld()),
        lambda: LAYERS["ModuleList"]([print]),
    ],
)
def test_nothing_is_guessed(asked):
    with pytest.raises(tensors.NotKnownError):
        asked()
