"""Inspecting and opening a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from inference.results.counts import noun
from inference.results.request import Capability, Request

# Behind the name of a checkpoint that is run in the number format of its file. It is part of the name, so that whatever
# was computed in one format is never taken for the other, also by a cache or a new engine.
_OWN_PRECISION = "?precision=file"
_MODELS = "models--"  # what the hub's cache calls a repository begins so
# What papers call models whose classes are spelled otherwise.
PUBLISHED_NAMES = {
    "VilBert": "ViLBERT",
    "VideoBert": "VideoBERT",
    "Uniter": "UNITER",
    "UnicoderVl": "Unicoder-VL",
    "VlBert": "VL-BERT",
    "PixelBert": "Pixel-BERT",
    "Oscar": "OSCAR",
    "ViltForPreTraining": "ViLT",
    "Merlot": "MERLOT",
    "CLIPModel": "CLIP",
}


def in_own_precision(checkpoint: str, *, is_own: bool = True) -> str:
    """What requests name a checkpoint by that is run in the number format of its file, or in float32 again."""
    place, _ = split_precision(checkpoint)
    return place + _OWN_PRECISION if is_own else place


def split_precision(checkpoint: str) -> tuple[str, bool]:
    """Name or folder of a checkpoint, and whether it is run in the number format of its file."""
    return checkpoint.removesuffix(_OWN_PRECISION), checkpoint.endswith(_OWN_PRECISION)


def folder_name(checkpoint: str) -> str:
    """What the user calls a folder; in the hub's cache it is a hash, and the name stands above it."""
    place = Path(split_precision(checkpoint)[0])
    if place.parent.name == "snapshots" and place.parent.parent.name.startswith(_MODELS):
        return place.parent.parent.name.removeprefix(_MODELS).replace("--", "/")
    return place.name


@dataclass(frozen=True, slots=True)
class InspectRequest(Request["CheckpointInfo"]):
    """Say what lies at a path (a folder, or the name of a bundled checkpoint) without running it."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class OpenRequest(Request["CheckpointInfo"]):
    """Load a checkpoint, so that the next requests find it ready."""

    checkpoint: str


@dataclass(frozen=True, slots=True)
class AttentionGroup:
    """One stack of attention layers of a model.

    Attributes
    ----------
    name
        `encoder`, `decoder`, `cross`, ...
    title
        The same for the user.
    n_heads
        Heads of each layer, in the order of the model; 0 where something else stands in place of attention.
    is_causal
        Whether a query sees only keys at or before its own place.
    has_qk
        Whether queries and keys can be had, not only the patterns.
    query_axis, key_axis
        Names of the sequences that queries and keys lie in, such as `text`, `source`, `target`, `image`, `vertices`.
    landmarks
        Where tokens attend to each other by way of landmarks: names of the groups from tokens to landmarks, between
        landmarks, and from landmarks to tokens. Empty where they attend at once.
    """

    name: str
    title: str
    n_heads: tuple[int, ...]
    is_causal: bool = False
    has_qk: bool = True
    query_axis: str = "text"
    key_axis: str = "text"
    landmarks: tuple[str, ...] = ()

    @property
    def n_layers(self) -> int:
        """Of the model, those without attention too."""
        return len(self.n_heads)

    @property
    def places(self) -> tuple[str, str]:
        """What lies along queries and keys: a sequence, or by the name of this group words and others."""
        query, key = (self.name if axis == "both" else axis for axis in (self.query_axis, self.key_axis))
        return query, key

    @property
    def layers(self) -> tuple[int, ...]:
        """Numbers of the layers that attend, as the model counts them, from 0."""
        return tuple(layer for layer, n in enumerate(self.n_heads) if n)

    @property
    def about_layers(self) -> str:
        """How many layers there are, and which of them attend where not all do."""
        if len(self.layers) == self.n_layers:
            return f"{self.n_layers} {noun(self.n_layers, 'layers')}"
        which = ", ".join(map(str, self.layers))
        return f"attention in {len(self.layers)} of {self.n_layers} {noun(self.n_layers, 'layers')} ({which})"

    def nearest(self, layer: int) -> int:
        """The layer that attends and is next to this one; of two the earlier."""
        return min(self.layers, key=lambda each: abs(each - layer), default=0)

    def toward(self, old: int, new: int) -> int:
        """The layer that attends and is reached first beyond `new` on the way from `old`, or the last one there."""
        beyond = [layer for layer in self.layers if (layer >= new if new > old else layer <= new)]
        return self.nearest(old) if not beyond else min(beyond) if new > old else max(beyond)

    def stepped(self, layer: int, n: int) -> int:
        """The layer that lies so many attending ones further on, or the last one there."""
        if not self.layers:
            return 0
        at = self.layers.index(self.nearest(layer)) + n
        return self.layers[min(max(at, 0), len(self.layers) - 1)]


def without_attention(layer: int, group: AttentionGroup, owner: str) -> str:
    """The sentence about a layer that has none."""
    which = ", ".join(map(str, group.layers))
    return f"Layer {layer} of {owner} has no attention; these layers of its {group.n_layers} have: {which}."


@dataclass(frozen=True, slots=True)
class Missing:
    """A capability that a checkpoint lacks, and why, as half a sentence for the user."""

    capability: Capability
    why: str


TYPE_IDS = "Token ids can be typed instead of a text."  # behind why a tokenizer cannot be read


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the README of a checkpoint states; each is empty where it states nothing of it."""

    data: str = ""
    licence: str = ""
    languages: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointInfo:
    """What a checkpoint is and can do; answer to `InspectRequest` and `OpenRequest`.

    Attributes
    ----------
    checkpoint
        What requests name it by: the absolute folder, or the name of a bundled checkpoint.
    name
        What the user sees.
    architecture
        Class in transformers, such as `BertForPreTraining`.
    family
        Key in `inference.registry.FAMILIES`.
    n_parameters
        From the header of the weights, shared tensors counted once.
    n_ctx
        Longest input in tokens; 0 where there is no limit.
    groups
        Attention groups in order of the forward pass.
    capabilities, missing
        What it offers, and what not and why; see `Capability`.
    mask_token
        Text of the mask token, or empty.
    position_kind
        `learned`, `sinusoidal`, `rotary`, `relative`, `alibi`, `none`.
    device
        Where it runs, for the user (`CPU`, `NVIDIA H200`); empty when only inspected.
    notes
        Sentences that the user should know, such as a head that the file lacks.
    explained
        Those of the notes that only say how a model of its kind reads and is shown: nothing is amiss.
    reads
        Kinds of input: `text`, `image`, `mesh`.
    classes
        Names of the classes that it is told or tells, by number; empty where it has none.
    images
        What images it is made for, such as `224 × 224 pixels in 14 × 14 patches`; empty where it reads none.
    languages
        Codes of the languages that it translates between; empty where none is chosen, and when only inspected.
    stored_in, runs_in
        Number formats of the weights in the file, and in memory (empty when only inspected), such as `bfloat16`.
    image_kind
        What the generator paints for it where nothing else is asked for, see `ImageInput.kind`; empty where it reads
        no images.
    has_chat_template
        Whether it says how a message becomes the text that it was trained to answer.
    why_no_system
        Why its chat template takes no system message, as a sentence; empty where it takes one, and when only inspected.
    can_think
        Whether its chat template has a switch for thinking; known when it is opened.
    image_step
        Pixels of a patch, by which its images can be larger or smaller; 0 where their size is fixed.
    compares
        Of which kinds it is given several, to be compared: `image`, `text`; see `Input.images` and `Input.texts`.
    card
        What its README states.
    detector
        Name of the bundled detector whose regions it reads; empty where it reads none, or those of another one.
    told_beside
        What a model of words and an image can be told beside these: `task` (see `TextInput`), `cells_seed` (see
        `ImageInput`).
    """

    checkpoint: str
    name: str
    architecture: str
    family: str
    n_parameters: int
    d_model: int
    d_vocab: int
    n_ctx: int
    groups: tuple[AttentionGroup, ...]
    capabilities: tuple[Capability, ...]
    missing: tuple[Missing, ...]
    has_tokenizer: bool
    mask_token: str
    position_kind: str
    device: str
    notes: tuple[str, ...]
    reads: tuple[str, ...] = ("text",)
    classes: tuple[str, ...] = ()
    images: str = ""
    image_kind: str = ""
    image_step: int = 0
    languages: tuple[str, ...] = ()
    stored_in: str = ""
    runs_in: str = ""
    has_chat_template: bool = False
    why_no_system: str = ""
    can_think: bool = False
    explained: tuple[str, ...] = ()
    compares: tuple[str, ...] = ()
    card: ModelCard = ModelCard()
    detector: str = ""
    told_beside: tuple[str, ...] = ()

    @property
    def model(self) -> str:
        """What its paper calls it where that is spelled otherwise than the class, else the class."""
        return PUBLISHED_NAMES.get(self.architecture, self.architecture)

    @property
    def cautions(self) -> tuple[str, ...]:
        """Those of the notes that say what is missing, left aside or assumed."""
        return tuple(note for note in self.notes if note not in self.explained)

    def beside_files(self, notes: Iterable[str]) -> tuple[str, ...]:
        """Of these notes those that a figure is written with: how a model of its kind reads need not be repeated."""
        as_run = f"It is run in {self.runs_in}," if self.runs_in else "\0"  # which its numbers depend on
        return tuple(note for note in notes if note not in self.explained or note.startswith(as_run))

    @property
    def attending(self) -> tuple[AttentionGroup, ...]:
        """The groups of which a layer attends: all but those of a recurrent network."""
        return tuple(group for group in self.groups if group.layers)

    def group(self, name: str) -> AttentionGroup:
        """The group of that name; the first one where it has none such."""
        return next((group for group in self.groups if group.name == name), self.groups[0])

    @property
    def word_axis(self) -> str:
        """Name of the sequence that words are told of: what a decoder writes as its target, else the first one."""
        axes = [group.query_axis for group in self.groups]
        return "target" if "target" in axes else next(iter(axes), "")

    @property
    def is_tokenizer_lost(self) -> bool:
        """Whether it has one that could not be read when it was opened."""
        return any(note.endswith(TYPE_IDS) for note in self.notes)

    def why_missing(self, needs: frozenset[Capability]) -> str:
        """Half a sentence for the first capability of `needs` that is missing; empty if it has all."""
        reasons = {missing.capability: missing.why for missing in self.missing}
        lacking = sorted(needs - set(self.capabilities))
        return reasons.get(lacking[0], f"it has no {lacking[0]}") if lacking else ""
