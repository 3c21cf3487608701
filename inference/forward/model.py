"""An open checkpoint: the network, its tokenizer and family, and the last captured run."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch

from inference.capture.capture import capture
from inference.capture.storage import storage_bytes
from inference.checkpoints.capabilities import PLURAL
from inference.context import Refused
from inference.family.answering import AnswersQuestions
from inference.family.base import Encoded, Family, ReadsImages
from inference.family.captioning import WritesCaptions
from inference.family.clips import ReadsClips
from inference.family.comparing import ComparesPairs
from inference.forward.interventions import head_changes
from inference.forward.keeping import Enough, keep_only, keep_what_fits, make_room, nominal_bytes
from inference.forward.memory import Memory, give_back
from inference.forward.run import Run
from inference.inputs.clips.preparing import Check, clip_stamp, prepare_clip
from inference.inputs.images import Preparation, Prepared, prepare, stamp
from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.counts import listed
from inference.results.inputs import ImageInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.capture.head_changes import HeadChanges
    from inference.capture.recorder import Keep
    from inference.context import Context
    from inference.family.components import Components
    from inference.models.image_tokenizer import ImageTokenizer
    from inference.results.devices import Device
    from inference.results.inputs import ClipInput, Input
    from inference.results.intervention import Intervention


@dataclass
class Model:
    """A checkpoint in memory. Used by one thread at a time.

    Attributes
    ----------
    preparation
        How images are made ready; None for models that read none.
    image_tokenizer
        What names visual tokens; None for checkpoints without one.
    chat_template
        How a message becomes the text that it was trained to answer; empty for checkpoints without one.
    store
        What analyses keep of the model itself, whatever the input: by their name.
    """

    info: CheckpointInfo
    net: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase | None
    family: Family
    device: torch.device
    memory: Memory = field(default_factory=Memory, repr=False)
    preparation: Preparation | None = field(default=None, repr=False)
    image_tokenizer: ImageTokenizer | None = field(default=None, repr=False)
    chat_template: str = field(default="", repr=False)
    store: dict[str, object] = field(default_factory=dict, init=False, repr=False)
    _last: tuple[object, Run] | None = field(default=None, init=False, repr=False)
    _changed: tuple[object, Run] | None = field(default=None, init=False, repr=False)
    _last_image: tuple[object, Prepared] | None = field(default=None, init=False, repr=False)

    def encode(self, input: Input) -> Encoded:
        """Tokenize, or make an image ready.

        Raises
        ------
        Refused
            The model reads another kind of input; else as `Family.encode` and `prepare`.
        """
        if not set(input.kinds) & set(self.family.reads):
            kinds = self.family.reads, input.kinds
            reads, given = (listed(PLURAL[kind] for kind in each) if each else "" for each in kinds)
            raise Refused(f"{self.info.name} reads {reads}, not {given or 'nothing'}.")
        prepared = self.prepare(input) if {"image", "clip"} & set(self.family.reads) else None
        encoded = self.family.encode(input, self.net.config, self.tokenizer, prepared)
        dtype = self.net.dtype
        tensors = {
            name: tensor.to(self.device, dtype if tensor.is_floating_point() else None)
            for name, tensor in encoded.tensors.items()
        }
        of_texts = (note for tokens in encoded.sequences.values() for note in tokens.notes)
        notes = tuple(dict.fromkeys((*encoded.notes, *(prepared.notes if prepared else ()), *of_texts)))
        return Encoded(tensors, encoded.sequences, notes, encoded.cells)

    @property
    def n_bytes(self) -> int:
        """Of its weights in memory, shared ones counted once."""
        tensors = (tensor for net in self._nets for tensor in (*net.parameters(), *net.buffers()))
        return sum(storage_bytes(tensors).values())

    def move(self, device: Device) -> None:
        """Run on another device from now on; what was held of its runs is gone.

        Raises
        ------
        Refused
            It does not fit there, or the device knows no numbers of its format; it stays where it was.
        """
        before = self.device
        self._last = self._changed = self._last_image = None
        self.store.clear()
        try:
            self._to(torch.device(device.name))
        except (RuntimeError, TypeError, NotImplementedError) as error:  # out of memory is a RuntimeError
            self._to(before)
            why = str(error).partition("\n")[0].rstrip(".")
            raise Refused(f"{self.info.name} cannot be run on {device.title}: {why}.") from error
        self.info = replace(self.info, device=device.title)

    def _to(self, device: torch.device) -> None:
        for net in self._nets:
            net.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
        self.device = device

    @property
    def _nets(self) -> list[torch.nn.Module]:
        return [self.net] if self.image_tokenizer is None else [self.net, self.image_tokenizer]

    @cached_property
    def components(self) -> Components:
        """Where it keeps its parts."""
        return self.family.components(self.net)

    @property
    def images(self) -> ReadsImages:
        """What its family says of images.

        Raises
        ------
        Refused
            It reads none.
        """
        if not isinstance(self.family, ReadsImages):
            raise Refused(f"{self.info.name} reads no images.")
        return self.family

    @property
    def clips(self) -> ReadsClips:
        """What its family says of films.

        Raises
        ------
        Refused
            It reads none.
        """
        if not isinstance(self.family, ReadsClips):
            raise Refused(f"{self.info.name} reads no films.")
        return self.family

    @property
    def pairs(self) -> ComparesPairs:
        """What its family says of pairs of images and texts.

        Raises
        ------
        Refused
            It compares none.
        """
        if not isinstance(self.family, ComparesPairs):
            raise Refused(f"{self.info.name} does not compare images with texts.")
        return self.family

    @property
    def captions(self) -> WritesCaptions:
        """What its family says of captions.

        Raises
        ------
        Refused
            It writes none.
        """
        if not isinstance(self.family, WritesCaptions):
            raise Refused(f"{self.info.name} writes no captions.")
        return self.family

    @property
    def answers(self) -> AnswersQuestions:
        """What its family says of questions about an image.

        Raises
        ------
        Refused
            It answers none.
        """
        if not isinstance(self.family, AnswersQuestions):
            raise Refused(f"{self.info.name} answers no questions about an image.")
        return self.family

    def prepare(self, input: Input, check: Check = lambda: None) -> Prepared:
        """The image or the film as the model sees it; the last one is kept while its file stays as it is.

        Parameters
        ----------
        check
            Called at each frame of a film; raises where nobody waits any more.

        Raises
        ------
        Refused
            As `inference.inputs.images.prepare`, or `prepare_clip`.
        """
        reads_films = "clip" in self.family.reads
        given = input.clip if reads_films else input.image
        if self.preparation is None or given is None:
            kind = "a film" if reads_films else "an image"
            raise Refused(
                f"{self.info.name} needs {kind}; open one."
                if self.preparation
                else f"{self.info.name} reads no images."
            )
        key = stamp(given) if isinstance(given, ImageInput) else (given, clip_stamp(given))
        if self._last_image is None or self._last_image[0] != key:
            self._last_image = key, self._prepared(given, self.preparation, check)
        return self._last_image[1]

    def _prepared(self, given: ImageInput | ClipInput, how: Preparation, check: Check) -> Prepared:
        if isinstance(given, ImageInput):
            return prepare(given, how)
        clips, config = self.clips, self.net.config
        return prepare_clip(given, how, clips.n_frames(config), check, lambda clip: clips.usual_frames(clip, config))

    def run(self, input: Input, context: Context, interventions: tuple[Intervention, ...] = ()) -> Run:
        """Forward pass with capture; the last one is kept, so that choosing another head costs no pass.

        Layers are held until the memory budget is full; the others are computed again when they are asked for. Beside
        the last run of an input as it is, the last one with interventions is kept.

        Raises
        ------
        Refused
            As `encode`; or an intervention is about what the model does not have, or cannot be made there.
        """
        key = run_key(input)
        if self._last is None or self._last[0] != key:
            self._last = self._changed = None
            self._last = (key, self._new_run(self.encode(input), context, None))
        plain = self._last[1]
        self.memory.use(plain)
        if not interventions:
            return plain
        key = run_key(input, interventions)
        if self._changed is None or self._changed[0] != key:
            self._changed = None
            changes = head_changes(interventions, plain, self)
            self._changed = (key, self._new_run(plain.encoded, context, changes))
        self.memory.use(self._changed[1])
        return self._changed[1]

    def _new_run(self, encoded: Encoded, context: Context, changes: HeadChanges | None) -> Run:
        run = Run(encoded, changes=changes)
        self.memory.use(run)
        self._pass(run, run.received, context, keep_what_fits(run, self.memory, self._n_calls))
        give_back()
        run.sort = lambda received: self.family.sort_calls(received, self.net, encoded)
        run.put({})
        return run

    def call(self, run: Run, group: str, layer: int, context: Context) -> AttentionCall:
        """What one attention received; where it is not held, by a forward pass as far as that layer."""
        at = self._group(group).layers.index(layer)
        if not run.calls[group][at].is_held:
            self._hold(run, group, range(at, -1, -1), context)
        return run.calls[group][at]

    def each_call(self, run: Run, group: str, context: Context) -> Iterator[tuple[int, AttentionCall]]:
        """The layers of a group that attend, in order, in as few forward passes as the memory budget allows."""
        for at, layer in enumerate(self._group(group).layers):
            if not run.calls[group][at].is_held:
                self._hold(run, group, range(at, len(run.calls[group])), context)
            yield layer, run.calls[group][at]

    def _group(self, name: str) -> AttentionGroup:
        return next(group for group in self.family.groups(self.net.config) if group.name == name)

    def _hold(self, run: Run, group: str, places: range, context: Context) -> None:
        """Compute again the first of some calls, and with it as many as fit into half of the budget."""
        wanted: set[int] = set()
        n_bytes = 0
        for at in places:
            call = run.calls[group][at]
            parts = run.parts(call)
            more = sum(nominal_bytes(run.received[part]) for part in parts)
            if call.is_held or (wanted and n_bytes + more > self.memory.budget // 2):
                break
            wanted.update(parts)
            n_bytes += more
        self.memory.use(run)
        make_room(run, n_bytes, self.memory, near=run.parts(run.calls[group][places[0]])[0])
        give_back()
        received: list[Received] = []
        self._pass(run, received, context, keep_only(wanted, self.memory, self._n_calls))
        run.put({number: received[number] for number in wanted})

    def _pass(self, run: Run, received: list[Received], context: Context, keep: Keep) -> None:
        listening = capture(self.net, context, self._n_calls, None, keep, received, run.changes)
        with torch.inference_mode(), listening, suppress(Enough):
            # What a model samples (patches, random blocks) is sampled alike when the pass is made again.
            torch.manual_seed(0)
            np.random.seed(0)
            random.seed(0)
            self.family.forward(self.net, run.encoded)

    @property
    def _n_calls(self) -> int:
        return sum(len(group.layers) for group in self.family.groups(self.net.config))


def run_key(input: Input, interventions: tuple[Intervention, ...] = ()) -> object:
    """What is the same when one run serves two requests; changes when a file does."""
    input = input.chosen
    files = tuple(stamp(part) for part in (input.image, input.sound, input.regions) if part is not None)
    film = clip_stamp(input.clip) if input.clip is not None else None
    return input, files, film, interventions
