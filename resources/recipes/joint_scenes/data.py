"""What models of words and regions learn from: scenes, what a detector finds in them, and sentences, true and false."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from inference.models.scene_detector import Detections, SceneDetector
from resources.recipes.scene_data import SIDE, images, kinds_at_patches, tokenizer_of_words, training_scenes
from resources.recipes.vit_scenes import PATCH
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, SIZES, Scene, sentences_of

PAD, START, END, MASK = 0, 2, 3, 4
RELATIONS = ("left of", "right of", "above", "below")
ATTRIBUTES = (*SIZES, *COLOURS, *KINDS)  # words that say what a thing is
LONGEST = 40  # tokens with the signs of beginning and end, and with tags
NOT_ASKED = -100
_WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "of", "in", "on", "at", "the", "left", "right", "above"),
    *("below", "things", "one", "two", "three", "four", "five", "six", *SIZES, *BACKGROUNDS, *COLOURS, *KINDS),
)
_SHARE_MASKED = 0.2  # of words; one attribute at least
_MASKED, _HIDDEN, _MATCHING, _WRONG = range(4)  # what is asked of a sentence


def make_tokenizer() -> PreTrainedTokenizerFast:
    """One token a word, of the words that are said of scenes."""
    return tokenizer_of_words(_WORDS, LONGEST, "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")


def word_ids(words: Iterable[str]) -> list[int]:
    """Their tokens."""
    return [_WORDS.index(word) for word in words]


def with_word_changed(sentence: str, rng: random.Random) -> str:
    """The sentence with another size, colour, kind or relation; it may be true all the same."""
    words = sentence.split()
    groups = (tuple(SIZES), tuple(COLOURS), tuple(KINDS), ("left", "right"), ("above", "below"))
    places = [(i, group) for i, word in enumerate(words) for group in groups if word in group]
    i, group = rng.choice(places)
    words[i] = rng.choice([word for word in group if word != words[i]])
    return " ".join(words)


def a_wrong_sentence(scene: Scene, other: Scene, rng: random.Random) -> str:
    """One of another scene, or one of this scene with a word changed, in either case not true of this one."""
    told = set(scene.captions())
    for _ in range(20):
        if rng.random() < 0.5:
            found = rng.choice(sentences_of(other)).text
        else:
            found = with_word_changed(rng.choice(sentences_of(scene)).text, rng)
        if found not in told:
            return found
    return "no things at night"  # what is true of no scene


@dataclass(frozen=True)
class SeenScenes:
    """What a detector finds in scenes, padded with regions that are none.

    Attributes
    ----------
    vectors, boxes
        [scene, region, number] and [scene, region, 4], these in shares of the image.
    pairs
        [scene, region, 1 + kind * colour]: see `Detections.pairs`.
    is_region
        bool [scene, region].
    tags
        Of every scene the tags of its regions.
    pixels, kinds
        For models that read the image itself, and then nothing is detected: float32 [scene, 3, row, column], and
        [scene, patch, kind], see `kinds_at_patches`.
    """

    vectors: Tensor
    boxes: Tensor
    pairs: Tensor
    is_region: Tensor
    tags: tuple[tuple[str, ...], ...]
    pixels: Tensor | None = None
    kinds: Tensor | None = None


def see(detector: SceneDetector | None, scenes: list[Scene]) -> SeenScenes:
    """Paint scenes, and find what is in them; without a detector their pixels are kept."""
    if detector is None:
        n, nothing = len(scenes), torch.zeros(len(scenes), 0, dtype=torch.bool)
        none = torch.zeros(n, 0, 1)
        told = kinds_at_patches(scenes, SIDE // PATCH)
        return SeenScenes(none, torch.zeros(n, 0, 4), none, nothing, ((),) * n, images(scenes), told)
    with torch.autocast("cpu", enabled=False):
        return _padded(detector.detect(images(scenes)))


def _padded(found: list[Detections]) -> SeenScenes:
    n = max(len(each.tags) for each in found)
    # New tensors, as those of the detector are made for looking only.
    parts = [torch.zeros(len(found), n, own.shape[-1]) for own in (found[0].vectors, found[0].boxes, found[0].pairs)]
    is_region = torch.zeros(len(found), n, dtype=torch.bool)
    for i, each in enumerate(found):
        for part, own in zip(parts, (each.vectors, each.boxes, each.pairs), strict=True):
            part[i, : len(own)] = own
        is_region[i, : len(each.tags)] = True
    return SeenScenes(parts[0], parts[1], parts[2], is_region, tuple(each.tags for each in found))


@dataclass(frozen=True)
class JointBatch:
    """Sentences beside the regions of scenes.

    Attributes
    ----------
    owners
        int64 [sentence]: which scene each is shown beside.
    ids, types
        int64 [sentence, token]: tokens, and 1 for those of tags.
    labels
        int64 [sentence, token]: what is hidden behind a mask; `NOT_ASKED` elsewhere.
    matches
        int64 [sentence]: 1 where it is true of the scene, 0 where it is not, 2 where the tags are those of another
        scene; `NOT_ASKED` where that is not asked.
    is_hidden
        bool [sentence, region]: regions whose vectors are hidden.
    """

    seen: SeenScenes
    owners: Tensor
    ids: Tensor
    types: Tensor
    labels: Tensor
    matches: Tensor
    is_hidden: Tensor


def training_batch(
    step: int, n_scenes: int, detector: SceneDetector | None, tokenizer: PreTrainedTokenizerFast, *, has_tags: bool
) -> JointBatch:
    """Scenes of a step, that no other step has, each with four sentences.

    Two have masked words. The third is true and whole, or a region beside it is hidden. The fourth is wrong, or where
    there are tags, these may be.
    """
    rng = random.Random(f"joint {step}")
    scenes = training_scenes(step, n_scenes)
    seen = see(detector, scenes)
    roles = (_MASKED, _MASKED, _MATCHING, _WRONG)
    texts, tags, asked, owners = [], [], [], []
    for i, scene in enumerate(scenes):
        others = [j for j in range(n_scenes) if j != i]
        for usual in roles:
            role = _HIDDEN if usual == _MATCHING and rng.random() < 0.3 else usual
            text, of_tags, match = rng.choice(sentences_of(scene)).text, i, 1
            if role == _WRONG:
                j = rng.choice(others)
                if has_tags and rng.random() < 1 / 3:
                    of_tags, match = j, 2
                else:
                    text, match = a_wrong_sentence(scene, scenes[j], rng), 0
            texts.append(text)
            tags.append(" ".join(seen.tags[of_tags]))
            asked.append((role, match))
            owners.append(i)
    ids, types = tokenized(tokenizer, texts, tags if has_tags else None)
    ids, labels = _masked(ids, [role == _MASKED for role, _ in asked], rng)
    is_region = seen.is_region[owners]
    is_hidden = is_region & (torch.rand(is_region.shape, generator=torch.Generator().manual_seed(step)) < 0.3)
    is_hidden &= torch.tensor([role == _HIDDEN for role, _ in asked])[:, None]
    matches = [match if role in (_MATCHING, _WRONG) else NOT_ASKED for role, match in asked]
    return JointBatch(seen, torch.tensor(owners), ids, types, labels, torch.tensor(matches), is_hidden)


def tokenized(tokenizer: PreTrainedTokenizerFast, texts: list[str], tags: list[str] | None) -> tuple[Tensor, Tensor]:
    """int64 [sentence, token], padded behind, and 1 for tokens of tags."""
    found = tokenizer(texts, tags, padding=True, truncation=True, return_tensors="pt", return_token_type_ids=True)
    return torch.as_tensor(found["input_ids"]), torch.as_tensor(found["token_type_ids"])


def _masked(ids: Tensor, are_masked: list[bool], rng: random.Random) -> tuple[Tensor, Tensor]:
    """Ids with masks, and what was there: of ten hidden words eight become a mask, one any word, one stays."""
    ids, labels = ids.clone(), torch.full_like(ids, NOT_ASKED)
    attributes = {_WORDS.index(word) for word in ATTRIBUTES}
    for row, is_masked in enumerate(are_masked):
        if not is_masked:
            continue
        words = ids[row].tolist()
        places = [i for i, word in enumerate(words) if word > MASK]
        chosen = {i for i in places if rng.random() < _SHARE_MASKED}
        of_text = words[: words.index(END)]
        chosen.add(rng.choice([i for i, word in enumerate(of_text) if word in attributes] or places))
        for i in chosen:
            labels[row, i] = words[i]
            how = rng.random()
            if how < 0.9:
                ids[row, i] = MASK if how < 0.8 else rng.randrange(MASK + 1, len(_WORDS))
    return ids, labels
