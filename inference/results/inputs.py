"""What the model reads, whichever kind of model it is."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.common import TextInput

MOST_IMAGE_SIDE = 1024  # pixels that can be asked for


@dataclass(frozen=True, slots=True)
class MeshInput:
    """A mesh as the model reads it, where other inputs are texts.

    Attributes
    ----------
    label
        Class of the checkpoint's `id2label`; None for none.
    vertex_tokens
        z, y, x of one vertex after another, each 1-256, then 0 for the stop; cut anywhere.
    face_tokens
        2 + vertex, 1 for a new face, 0 for the stop; cut anywhere. Empty while the vertices are not finished.
    """

    label: int | None = None
    vertex_tokens: tuple[int, ...] = ()
    face_tokens: tuple[int, ...] = ()

    def unmasked(self) -> MeshInput:
        """The same input without masks: of a mesh nothing is masked."""
        return self


@dataclass(frozen=True, slots=True)
class ImageInput:
    """A picture: a file of the user's, or one of the project's own generator.

    Attributes
    ----------
    path
        File; empty for a generated picture.
    seed
        Of the generator, where there is no path: 0 to 2,147,483,647. None of them was seen in training.
    kind
        What the generator draws: `scene` (several things), `portrait` (one thing that fills the picture), or empty for
        what the checkpoint was trained on.
    side
        Pixels of the shorter side of what the model sees, the shape of the picture being kept; 0 for what the
        checkpoint says.
    """

    path: str = ""
    seed: int = 0
    kind: str = ""
    side: int = 0

    def unmasked(self) -> ImageInput:
        """The same input without masks, which analyses of pictures are told apart from it."""
        return self


Input = TextInput | MeshInput | ImageInput
