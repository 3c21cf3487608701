"""The systems that are trained alike: what each is made of, and how it is shown words and regions."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.models.scene_detector import SceneDetectorConfig
from inference.models.streams import oscar, uniter, vilbert
from inference.models.streams.boxes import box_numbers
from inference.models.streams.layers import JointModel, JointOutput
from inference.models.streams.transport import transport
from resources.recipes.joint_scenes.data import LONGEST, NOT_ASKED, PAD, JointBatch

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
_TRANSPORT, _REGIONS = 0.5, 0.5  # weights of losses beside those of words and pairs


def build(name: str, seed: int, n_words: int, detector: SceneDetectorConfig) -> JointModel:
    """One of `SYSTEMS` with random weights."""
    torch.manual_seed(seed)
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


# Whether it reads the tags of regions as words.
SYSTEMS: Final[dict[str, bool]] = {
    "uniter-scenes": False,
    "oscar-scenes": True,
    "oscar-scenes-no-tags": False,
    "vilbert-scenes": False,
}


def inputs_of(model: JointModel, batch: JointBatch) -> dict[str, Tensor]:
    """What its `forward` takes."""
    seen, owners = batch.seen, batch.owners
    vectors, boxes, is_region = seen.vectors[owners], seen.boxes[owners], seen.is_region[owners]
    is_word = batch.ids != PAD
    words = {"input_ids": batch.ids, "token_type_ids": batch.types}
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


def matching_class(model: JointModel) -> int:
    """Which of its classes says that text and image belong together."""
    return uniter.MATCHES if isinstance(model, uniter.Uniter) else 0


def losses_of(model: JointModel, batch: JointBatch) -> dict[str, Tensor]:
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
        losses["transport"] = _TRANSPORT * _transport_loss(output, batch)
    return losses


def _classes(model: JointModel, matches: Tensor) -> Tensor:
    """Labels of `match_logits`: of UNITER 1 is a match; of the others 0, and of OSCAR 1 wrong tags, 2 wrong text."""
    wrong_text = 2 if isinstance(model, oscar.Oscar) else 1
    codes = {1: 1, 0: 0} if isinstance(model, uniter.Uniter) else {1: 0, 0: wrong_text, 2: 1}
    found = matches.clone()
    for match, label in codes.items():
        found[matches == match] = label
    return found


def _transport_loss(output: JointOutput, batch: JointBatch) -> Tensor:
    """The distance of words and regions that belong together, and minus that of those that do not."""
    assert output.text_states is not None
    assert output.region_states is not None
    is_asked = batch.matches != NOT_ASKED
    own = batch.seen.is_region[batch.owners][is_asked]
    states = output.text_states[is_asked].float(), output.region_states[is_asked].float()
    distance = transport(*states, batch.ids[is_asked] != PAD, own).distance
    return torch.where(batch.matches[is_asked] == 1, distance, -distance).mean()
