"""The systems that are trained alike: what each is made of, and how it is shown words and regions."""

from __future__ import annotations

from typing import Any, Final

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel, ViltConfig

from inference.models.scene_detector import SceneDetectorConfig
from inference.models.streams import oscar, uniter, vilbert, vilt
from inference.models.streams.boxes import box_numbers
from inference.models.streams.layers import JointOutput
from inference.models.streams.transport import Transport, spoken, transport
from resources import CHECKPOINTS
from resources.recipes.joint_scenes.data import LONGEST, NOT_ASKED, PAD, JointBatch, word_ids
from resources.scene_shapes import COLOURS, KINDS

DETECTOR: Final = "scene-detector"
_SIZES: dict[str, Any] = {
    "hidden_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 384,
    "hidden_dropout_prob": 0.0,  # no scene is seen twice
    "max_position_embeddings": LONGEST,
    "initializer_range": 0.06,  # with BERT's 0.02 what is read in so narrow a stream is lost beside what reads it
    "detector": DETECTOR,
}
_VIT: Final = "vit-scenes"  # what ViLT begins with
_SIZES_OF_VIT = (
    *("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act"),
    *("image_size", "patch_size"),
)
_TAUGHT_LAYER, _PATCHES = 2, 4.0  # of ViLT; and the weight of what its patches say
_REGIONS = 0.5  # weight of losses of regions beside those of words and pairs
# Weight of transport. UNITER has the published one: with 0.5, and without tags, its plan fell below chance (0.21).
_TRANSPORT = {"uniter": 0.1, "vilt": 0.5}
# Weight of the tags of UNITER's regions, said by the head of words. Without it states of words and of regions are read
# by different heads, nothing brings them to one space, and the cosines that transport goes by tell little.
_TAGS = 0.5


def build(name: str, seed: int, n_words: int, detector: SceneDetectorConfig) -> PreTrainedModel:
    """One of `SYSTEMS` with random weights; ViLT with those of a ViT."""
    torch.manual_seed(seed)
    if name == "vilt-scenes":
        return _vilt(n_words)
    n, n_classes = detector.feature_size, 1 + len(detector.kinds) * len(detector.colours)
    sizes: dict[str, Any] = _SIZES | {"vocab_size": n_words}
    if name == "uniter-scenes":
        return uniter.Uniter(uniter.UniterConfig(img_dim=n, img_label_dim=n_classes, **sizes))
    if name == "vilbert-scenes":
        sizes |= {"v_hidden_size": 128, "v_num_hidden_layers": 2, "v_num_attention_heads": 4}
        sizes |= {"v_intermediate_size": 256, "v_feature_size": n, "v_target_size": n_classes}
        sizes |= {"bi_hidden_size": 128, "bi_num_attention_heads": 4, "intermediate_size": 256}
        sizes |= {"v_biattention_id": (0, 1), "t_biattention_id": (2, 3)}
        return vilbert.VilBert(vilbert.VilBertConfig(**sizes))
    numbers = n + oscar.N_BOX_NUMBERS
    reads_tags = SYSTEMS[name]
    return oscar.Oscar(
        oscar.OscarConfig(
            img_feature_dim=numbers, use_img_layernorm=True, num_contrast_classes=3, reads_tags=reads_tags, **sizes
        )
    )


def _vilt(n_words: int) -> vilt.ViltForPreTraining:
    """Of the sizes of `vit-scenes`, with its layers, patches and places: ViLT began with a ViT of ImageNet."""
    own = ViltConfig.from_json_file(CHECKPOINTS / _VIT / "config.json")
    sizes: dict[str, Any] = {name: getattr(own, name) for name in _SIZES_OF_VIT}
    config = ViltConfig(vocab_size=n_words, max_position_embeddings=LONGEST, pad_token_id=PAD, **sizes)
    model = vilt.ViltForPreTraining(config)
    given = {
        name.removeprefix("vit."): each for name, each in load_file(CHECKPOINTS / _VIT / "model.safetensors").items()
    }
    shared = {name: given[name] for name in model.vilt.state_dict() if name in given}
    left = {name.partition(".")[0] for name in given.keys() - shared.keys()}
    if left != {"classifier"}:
        raise ValueError(f"{_VIT} is not read wholly: {', '.join(sorted(left - {'classifier'}))} has no place in ViLT.")
    model.vilt.load_state_dict(shared, strict=False)
    return model


# Whether it reads the tags of regions as words.
SYSTEMS: Final[dict[str, bool]] = {
    "uniter-scenes": False,
    "oscar-scenes": True,
    "oscar-scenes-no-tags": False,
    "vilbert-scenes": False,
    "vilt-scenes": False,
}


class PatchTeacher:
    """Has every patch of a ViLT say, behind one of its layers, which kinds of thing show in it.

    Regions of the other models come from a detector that was told what things are; of patches that is told here. It is
    the objective of `vit-scenes`, which is lost else before words begin to read patches.

    Parameters
    ----------
    model
        Is given a head, which trains with it; `leave` takes it away.
    """

    def __init__(self, model: vilt.ViltForPreTraining, n_kinds: int) -> None:
        self.model = model
        self._head = nn.Linear(model.config.hidden_size, n_kinds)
        model.patch_head = self._head
        layer = model.vilt.encoder.layer[_TAUGHT_LAYER]
        self._hook = layer.register_forward_hook(lambda _layer, _given, found: self._keep(found[0]))
        self._states: Tensor | None = None

    def _keep(self, states: Tensor) -> None:
        self._states = states

    def loss(self, batch: JointBatch) -> Tensor:
        """Of the patches of what the model has just read."""
        kinds = batch.seen.kinds
        assert kinds is not None
        assert self._states is not None
        wanted = kinds[batch.owners]
        logits = self._head(self._states[:, -wanted.shape[1] :])
        self._states = None
        return _PATCHES * F.binary_cross_entropy_with_logits(logits.float(), wanted)

    def leave(self) -> None:
        """Leave the model as it is shipped."""
        self._hook.remove()
        del self.model.patch_head


def reads_pixels(name: str) -> bool:
    """Whether one of `SYSTEMS` reads the image itself, and no regions."""
    return name == "vilt-scenes"


def inputs_of(model: PreTrainedModel, batch: JointBatch) -> dict[str, Tensor]:
    """What its `forward` takes."""
    seen, owners = batch.seen, batch.owners
    is_word = batch.ids != PAD
    words = {"input_ids": batch.ids, "token_type_ids": batch.types}
    if isinstance(model, vilt.ViltForPreTraining):
        assert seen.pixels is not None
        return words | {"attention_mask": is_word.long(), "pixel_values": seen.pixels[owners]}
    vectors, boxes, is_region = seen.vectors[owners], seen.boxes[owners], seen.is_region[owners]
    whole = {"attention_mask": torch.cat([is_word, is_region], 1)}
    if isinstance(model, uniter.Uniter):
        places = box_numbers(boxes, model.config.n_box_numbers)
        return words | whole | {"img_feat": vectors, "img_pos_feat": places, "img_masks": batch.is_hidden}
    if isinstance(model, oscar.Oscar):
        return words | whole | {"img_feats": torch.cat([vectors, box_numbers(boxes, oscar.N_BOX_NUMBERS)], -1)}
    counts = is_region[..., None] & ~batch.is_hidden[..., None]
    first = (vectors * counts).sum(1, keepdim=True) / counts.sum(1, keepdim=True).clamp(min=1)
    whole_image = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(len(boxes), 1, 4)
    places = box_numbers(torch.cat([whole_image, boxes], 1), vilbert.N_BOX_NUMBERS)
    return words | {
        "attention_mask": is_word,
        "image_feat": torch.cat([first, vectors * ~batch.is_hidden[..., None]], 1),
        "image_loc": places,
        "image_attention_mask": F.pad(is_region, (1, 0), value=True),
    }


def matching_class(model: PreTrainedModel) -> int:
    """Which of its classes says that text and image belong together."""
    return vilt.MATCHES if isinstance(model, uniter.Uniter | vilt.ViltForPreTraining) else 0


def losses_of(model: PreTrainedModel, batch: JointBatch) -> dict[str, Tensor]:
    """Of masked words, of pairs that match, and where the model has heads for them of hidden regions and transport."""
    output: JointOutput = model(**inputs_of(model, batch))
    words, pairs = output.word_logits, output.match_logits
    assert words is not None
    assert pairs is not None
    losses = {
        "words": F.cross_entropy(words.flatten(0, 1).float(), batch.labels.flatten(), ignore_index=NOT_ASKED),
        "pairs": F.cross_entropy(pairs.float(), _classes(model, batch.matches), ignore_index=NOT_ASKED),
    }
    if output.region_logits is not None and bool(batch.is_hidden.any()):
        regions = output.region_logits[:, -batch.is_hidden.shape[1] :][batch.is_hidden]
        truth = batch.seen.pairs[batch.owners][batch.is_hidden]
        losses["regions"] = _REGIONS * F.cross_entropy(regions.float(), truth)
        if isinstance(model, uniter.Uniter):
            assert output.region_states is not None
            guessed = model.region_vectors(output.region_states[batch.is_hidden])
            wanted = batch.seen.vectors[batch.owners][batch.is_hidden]
            losses["vectors"] = _REGIONS * F.mse_loss(guessed.float(), wanted)
    if isinstance(model, uniter.Uniter):
        losses["tags"] = _TAGS * _tag_loss(model, output, batch)
    if has_transport(model):
        losses["transport"] = _TRANSPORT[model.config.model_type] * _transport_loss(model, output, batch)
    return losses


def _tag_loss(model: uniter.Uniter, output: JointOutput, batch: JointBatch) -> Tensor:
    """Every region says by the head of words what its detector calls it: a colour and a kind, half of it each."""
    assert output.region_states is not None
    there = batch.seen.is_region[batch.owners]
    said = model.cls["predictions"](output.region_states[there]).float().log_softmax(-1)
    of_pairs = batch.seen.pairs[batch.owners][there][:, 1:].unflatten(1, (len(KINDS), len(COLOURS)))
    of_pairs = of_pairs / of_pairs.sum((1, 2), keepdim=True)
    of_kinds, of_colours = said[:, word_ids(KINDS)], said[:, word_ids(COLOURS)]
    return -0.5 * ((of_pairs.sum(2) * of_kinds).sum(1) + (of_pairs.sum(1) * of_colours).sum(1)).mean()


def _classes(model: PreTrainedModel, matches: Tensor) -> Tensor:
    """Labels of `match_logits`: see `matching_class`; of OSCAR 1 is wrong tags, and 2 wrong text."""
    wrong_text = 2 if isinstance(model, oscar.Oscar) else 1
    codes = {1: 1, 0: 0} if matching_class(model) else {1: 0, 0: wrong_text, 2: 1}
    found = matches.clone()
    for match, label in codes.items():
        found[matches == match] = label
    return found


def has_transport(model: PreTrainedModel) -> bool:
    """Whether it was trained to bring words to regions or patches at least cost."""
    return isinstance(model, uniter.Uniter | vilt.ViltForPreTraining)


def transported(model: PreTrainedModel, output: JointOutput, batch: JointBatch) -> Transport:
    """Words brought to regions, of every sentence; of ViLT to patches, without [CLS] and [SEP]."""
    assert output.text_states is not None
    assert output.region_states is not None
    words, regions = output.text_states.float(), output.region_states.float()
    is_word = batch.ids != PAD
    if isinstance(model, vilt.ViltForPreTraining):
        return transport(words, regions, spoken(is_word), torch.ones(regions.shape[:2], dtype=torch.bool))
    return transport(words, regions, is_word, batch.seen.is_region[batch.owners])


def _transport_loss(model: PreTrainedModel, output: JointOutput, batch: JointBatch) -> Tensor:
    """The distance of words and regions that belong together, and minus that of those that do not."""
    is_asked = batch.matches != NOT_ASKED
    distance = transported(model, output, batch).distance
    signed = torch.where(batch.matches == 1, distance, -distance)
    return signed[is_asked].mean()
