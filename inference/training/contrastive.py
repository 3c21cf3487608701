"""A tiny CLIP: an image tower and a text tower learn which sentence is said of which drawn portrait."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

from inference.inputs.scene_images import paint_scene
from inference.results.training import N_CONTRASTED, StepTerm
from inference.training.task import TrainingTask
from inference.training.vocabulary import learn
from inference.training.watched import fact, names_of, patterns_of
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, HELD_OUT, Scene, make_portrait

if TYPE_CHECKING:
    from pathlib import Path

    from inference.results.training import TrainingRequest

SIDE, PATCH = 48, 8  # pixels
PAIRS = tuple((colour, kind) for colour in COLOURS for kind in KINDS)
SEEN = tuple(pair for pair in PAIRS if pair not in HELD_OUT)
UNSEEN = tuple(pair for pair in PAIRS if pair in HELD_OUT)
assert len(SEEN) == N_CONTRASTED
TEMPLATES = ("a photo of a {}", "a {}")  # beside what is true of the whole portrait
_LONGEST = 16  # tokens
_MEAN, _STD = 0.5, 0.5
_TRAINED_SEEDS = (1_000_000, 100_000_000)  # of portraits; what is validated lies below, what the window draws above
_N_VALIDATED, _N_UNSEEN = 240, 64
_MOST_SCALE = math.log(100.0)


def portrait(seed: int, pair: tuple[str, str]) -> Scene:
    """The portrait of a seed, of this colour and kind."""
    scene = make_portrait(seed)
    colour, kind = pair
    return replace(scene, things=(replace(scene.things[0], colour=colour, kind=kind),))


def pixels_of(scenes: list[Scene]) -> Tensor:
    """float32 [scene, 3, row, column], -1 to 1."""
    array = np.stack([np.asarray(paint_scene(scene, SIDE)) for scene in scenes])
    return (torch.from_numpy(array).permute(0, 3, 1, 2).float() / 255 - _MEAN) / _STD


class ContrastiveTask(TrainingTask):
    """CLIP on fresh portraits in each step; none of a batch has the colour and kind of another one.

    References
    ----------
    Radford et al. 2021, figure 3: the mean of two cross-entropies, over the texts for each image and over the images
    for each text, of cosines that are divided by a learned temperature.
    """

    watching = "tower"
    measure = f"right among {len(PAIRS)} pairs"  # of a colour and a kind; see `facts`
    parts = ("pairs seen in training", "pairs never seen")
    terms = (
        StepTerm("Cross-entropies of the batch", "image to text", "nats"),
        StepTerm("Cross-entropies of the batch", "text to image", "nats"),
        StepTerm("Temperature", "temperature"),
    )

    def __init__(self, request: TrainingRequest, device: torch.device) -> None:
        self._plan = request.plan
        names = [" ".join(pair) for pair in SEEN]
        lines = [template.format(name) for template in TEMPLATES for name in names]
        lines += [portrait(seed, SEEN[0]).captions()[0] for seed in range(40)]  # words of all backgrounds
        assert all(any(background in line for line in lines) for background in BACKGROUNDS)
        self.tokenizer = learn(lines, "word", request.data.n_vocabulary, is_masked=True)
        self.tokenizer.model_max_length = _LONGEST
        self.net = _build(request, len(self.tokenizer), self.tokenizer).to(device)  # pyright: ignore[reportArgumentType, reportAttributeAccessIssue]
        generator = torch.Generator().manual_seed(0)
        places = [torch.randperm(len(SEEN), generator=generator)[: request.plan.batch] for _ in range(_N_VALIDATED)]
        seen = [SEEN[i] for i in torch.cat(places).tolist()][:_N_VALIDATED]
        unseen = [UNSEEN[i % len(UNSEEN)] for i in range(_N_UNSEEN)]
        scenes = [portrait(seed, pair) for seed, pair in enumerate([*seen, *unseen])]
        self._captions = [scene.captions()[0] for scene in scenes[:_N_VALIDATED]]
        self._pixels = pixels_of(scenes)
        self._truth = torch.tensor([PAIRS.index(pair) for pair in [*seen, *unseen]])
        self.example = f"a drawing of {self._captions[0]}"
        found = self.tokenizer(request.data.watched or self._captions[0], truncation=True, max_length=_LONGEST)
        self._seen = cast("list[int]", found["input_ids"])
        self.rows = self.columns = names_of(self._seen, self.tokenizer)
        self.watched = self.tokenizer.decode(self._seen[1:-1]).strip()
        self.baselines = (("every kind known, the colour guessed", 1 / len(COLOURS)), ("chance", 1 / len(PAIRS)))
        self.facts = (
            f"Portraits of one thing each, drawn anew in each step, {SIDE} × {SIDE} pixels in patches of {PATCH}; "
            f"{len(UNSEEN)} of the {len(PAIRS)} pairs of a colour and a kind never occur in training, neither in "
            f"images nor in texts. Zero-shot: each of {_N_VALIDATED} portraits of other pairs and {_N_UNSEEN} of these "
            f"is compared with all {len(PAIRS)} as “{TEMPLATES[0].format('red house')}”.",
            fact(self.watched, len(self._seen), len(self._seen)),
        )

    def loss(self) -> Tensor:
        pairs = [SEEN[i] for i in torch.randperm(len(SEEN))[: self._plan.batch].tolist()]
        seeds = torch.randint(*_TRAINED_SEEDS, (len(pairs),)).tolist()
        scenes = [portrait(seed, pair) for seed, pair in zip(seeds, pairs, strict=True)]
        chosen = torch.randint(len(TEMPLATES) + 1, (len(pairs),)).tolist()
        captions = [
            TEMPLATES[i].format(" ".join(pair)) if i < len(TEMPLATES) else scene.captions()[0]
            for i, pair, scene in zip(chosen, pairs, scenes, strict=True)
        ]
        with torch.no_grad():
            cast("Any", self.net).logit_scale.clamp_(max=_MOST_SCALE)  # as in the paper, section 2.5
        of_images, of_texts = self._cross_entropies(pixels_of(scenes), captions, self._plan.smoothing)
        temperature = math.exp(-cast("Any", self.net).logit_scale.item())
        self.terms_now = (of_images.item(), of_texts.item(), temperature)
        return (of_images + of_texts) / 2

    def _cross_entropies(self, pixels: Tensor, captions: list[str], smoothing: float) -> tuple[Tensor, Tensor]:
        """Of the texts for each image, and of the images for each text."""
        net = cast("Any", self.net)
        logits = net(pixel_values=pixels.to(net.device), **self._encoded(captions)).logits_per_image
        own = torch.arange(len(captions), device=logits.device)
        return (
            F.cross_entropy(logits, own, label_smoothing=smoothing),
            F.cross_entropy(logits.T, own, label_smoothing=smoothing),
        )

    def _encoded(self, texts: list[str]) -> dict[str, Tensor]:
        found = self.tokenizer(texts, padding=True, return_tensors="pt", return_token_type_ids=False)
        return {name: value.to(self.net.device) for name, value in found.items()}

    def _zero_shot(self, pixels: Tensor) -> Tensor:
        """Probability of each pair, [image, pair]."""
        net = cast("Any", self.net)
        prompts = [TEMPLATES[0].format(" ".join(pair)) for pair in PAIRS]
        return net(pixel_values=pixels.to(net.device), **self._encoded(prompts)).logits_per_image.softmax(-1)

    def validate(self) -> tuple[float, float]:
        """See `TrainingTask.validate`; the loss is that of batches as large as in training."""
        losses = []
        for first in range(0, _N_VALIDATED, self._plan.batch):
            captions = self._captions[first : first + self._plan.batch]
            both = self._cross_entropies(self._pixels[first : first + len(captions)], captions, 0.0)
            losses.append((float(sum(both)) / 2, len(captions)))
        right = (self._zero_shot(self._pixels).argmax(-1).cpu() == self._truth).float()
        self.parts_right = (float(right[:_N_VALIDATED].mean()), float(right[_N_VALIDATED:].mean()))
        # A last batch that is smaller has fewer texts to choose from: only whole ones tell what they cost.
        whole = [loss for loss, n in losses if n == self._plan.batch] or [loss for loss, _ in losses]
        return float(np.mean(whole)), float(right.mean())

    def look(self) -> tuple[str, np.ndarray]:
        probs, places = self._zero_shot(self._pixels[:1])[0].topk(3)
        guesses = (
            f"{' '.join(PAIRS[place])} {prob:.2f}" for place, prob in zip(places.tolist(), probs.tolist(), strict=True)
        )
        ids, net = torch.tensor([self._seen], device=self.net.device), cast("Any", self.net)
        pattern = patterns_of(net, len(self._seen), lambda: net.get_text_features(input_ids=ids))
        return ", ".join(guesses), pattern

    def save_beside(self, folder: Path) -> None:
        """How an image becomes what is read."""
        CLIPImageProcessorPil(
            size={"height": SIDE, "width": SIDE}, do_center_crop=False, image_mean=[_MEAN] * 3, image_std=[_STD] * 3
        ).save_pretrained(folder)


def _build(request: TrainingRequest, n_tokens: int, tokenizer: Any) -> CLIPModel:
    sizes = request.sizes
    both = {
        "hidden_size": sizes.d_model,
        "num_hidden_layers": sizes.n_layers,
        "num_attention_heads": sizes.n_heads,
        "intermediate_size": 4 * sizes.d_model,
        "attention_dropout": sizes.dropout,
        "projection_dim": sizes.d_model,
    }
    text = {
        "vocab_size": n_tokens,
        "max_position_embeddings": _LONGEST,
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    image = {"image_size": SIDE, "patch_size": PATCH}
    return CLIPModel(CLIPConfig(text_config=both | text, vision_config=both | image, projection_dim=sizes.d_model))
