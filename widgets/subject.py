"""What a window looks at."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import ClipInput, ImageInput, Input, MeshInput, SoundInput, TextInput
from widgets.kit.clean import isolated

_MOST_LETTERS = 60


@dataclass(frozen=True, slots=True)
class Subject:
    """An open checkpoint and an input (masks included); the notes say what of both was left aside or assumed.

    Attributes
    ----------
    images, texts
        What is compared, where the checkpoint compares: the pair in `input` is one of them.
    """

    checkpoint: CheckpointInfo
    input: Input
    notes: tuple[str, ...] = ()
    images: tuple[ImageInput, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def text(self) -> TextInput:
        """The text of a checkpoint that reads text: views about words are shown for no others."""
        assert self.input.text is not None
        return self.input.text

    @property
    def notes_on_input(self) -> tuple[str, ...]:
        """What of the input alone was left aside or assumed."""
        return tuple(note for note in self.notes if note not in self.checkpoint.notes)

    @property
    def cautions(self) -> tuple[str, ...]:
        """The notes without those that only say how a model of its kind reads, which no figure needs to repeat."""
        return self.checkpoint.beside_files(self.notes)

    @property
    def title(self) -> str:
        """Both in a line, such as `bert-mini · The cat sat on the mat.`"""
        return "  ·  ".join(filter(None, (isolated(self.checkpoint.name), input_title(self.input, self.checkpoint))))


def input_title(input: Input, checkpoint: CheckpointInfo) -> str:
    """An input in a few words; empty where nothing was given."""
    parts = (
        _text_title(input.text) if input.text else "",
        _image_title(input.image, checkpoint) if input.image else "",
        _clip_title(input.clip) if input.clip else "",
        _sound_title(input.sound) if input.sound else "",
        _mesh_title(input.mesh, checkpoint) if input.mesh else "",
    )
    return "  ·  ".join(filter(None, parts))


def _text_title(text: TextInput) -> str:
    if text.token_ids is not None:
        return textwrap.shorten(
            "ids " + " ".join(map(str, text.token_ids[:_MOST_LETTERS])), _MOST_LETTERS, placeholder=" …"
        )
    words = " ".join(filter(None, (text.text[: 4 * _MOST_LETTERS], text.text_pair and text.text_pair[:_MOST_LETTERS])))
    return isolated(textwrap.shorten(words, _MOST_LETTERS, placeholder=" …"))


def _image_title(image: ImageInput, checkpoint: CheckpointInfo) -> str:
    if image.path:
        return isolated(Path(image.path).name)
    return f"{image.kind or checkpoint.image_kind} {image.seed}"


def _clip_title(clip: ClipInput) -> str:
    title = isolated(Path(clip.path).name) if clip.path else f"film {clip.seed}"
    return f"{title}, frames {', '.join(map(str, clip.frames))}" if clip.frames else title


def _sound_title(sound: SoundInput) -> str:
    return isolated(Path(sound.path).name) if sound.path else f"tones {sound.seed}"


def _mesh_title(mesh: MeshInput, checkpoint: CheckpointInfo) -> str:
    if mesh.label is None or not mesh.label < len(checkpoint.classes):
        return "mesh"
    return checkpoint.classes[mesh.label]
