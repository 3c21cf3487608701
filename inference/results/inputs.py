"""What the model reads: a text, an image, regions of it, a film, a sound, a mesh, or any of them together."""

from __future__ import annotations

from dataclasses import dataclass, replace

MOST_IMAGE_SIDE = 1024  # pixels that can be asked for
MOST_IMAGES = MOST_TEXTS = 128  # that are compared with each other
MOST_LETTERS = 500  # of a text that is compared
TOO_LONG = "the model takes at most"  # in the sentence that refuses a text for its length
MESH_ENDINGS = (".obj", ".ply", ".stl", ".off", ".gltf", ".glb")  # of files that are read
SOUND_ENDINGS = (".wav", ".wave")
FILM_ENDINGS = (".gif", ".webp", ".png", ".mp4", ".m4v", ".mov", ".webm", ".mkv")
MOST_FILM_FRAMES = 3_000
MOST_REGIONS = 200  # of an image
_KINDS = ("text", "image", "mesh", "sound", "regions", "clip")

PixelBox = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True, slots=True)
class TextInput:
    """What the user typed: a sentence, a pair of sentences, or token ids.

    Attributes
    ----------
    text
        The sentence; for encoder-decoder models the source.
    text_pair
        Sentence B; for encoder-decoder models what the decoder has written so far.
    token_ids
        Ids instead of text, used as they are, without special tokens being added.
    masked
        Positions, counted after tokenizing, that are replaced by the mask token.
    language, language_pair
        Codes of the languages of source and target, where a model translates between many; empty for its usual ones.
    start
        Where the part begins that is read of a text with more tokens than the model takes: counted in tokens of the
        text, 0 for the first ones, -1 for the last ones; None refuses such a text. Of a pair the longer text is cut,
        and both where each has more than half of the room.
    target_ids
        The very ids that a decoder is given which has written: behind an encoder with its start token first, in place
        of those of `text_pair`; without one those of the whole text, `text` being what it went on with. None for none.
    task
        Number of the task that a model is told which was trained for several, as 12-in-1 was; None for its usual one.
    """

    text: str = ""
    text_pair: str | None = None
    token_ids: tuple[int, ...] | None = None
    masked: tuple[int, ...] = ()
    language: str = ""
    language_pair: str = ""
    start: int | None = None
    target_ids: tuple[int, ...] | None = None
    task: int | None = None


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


@dataclass(frozen=True, slots=True)
class ImageInput:
    """An image: a file of the user's, or one of the project's own generator.

    Attributes
    ----------
    path
        File; empty for a generated image.
    seed
        Of the generator, where there is no path: 0 to 2,147,483,647. None of them was seen in training.
    kind
        What the generator paints: `scene` (several things), `portrait` (one thing that fills the image), or empty for
        what the checkpoint was trained on.
    side
        Pixels of the shorter side of what the model sees, the shape of the image being kept; 0 for what the
        checkpoint says.
    cells_seed
        Draws the parts of the image that are read, 0 and up, of models that read some drawn ones at every step of their
        training (Pixel-BERT); None for all parts.
    """

    path: str = ""
    seed: int = 0
    kind: str = ""
    side: int = 0
    cells_seed: int | None = None


@dataclass(frozen=True, slots=True)
class SoundInput:
    """A sound: a WAV file of the user's, or tones that are made up.

    Attributes
    ----------
    path
        File; empty for a made-up sound.
    seed
        Of the made-up one: 0 and up.
    """

    path: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class RegionsInput:
    """Regions of the image: a file of them, boxes that the user draws, or what the generator painted.

    Attributes
    ----------
    path
        NPZ file; it counts before the others. See `inference.inputs.regions`.
    boxes
        x0, y0, x1, y1 in pixels of the image, 0,0 being its upper left corner; at most 200.
    of_scene
        With the boxes of the things in front, where the image is a generated scene.
    of_detector
        With those that a detector finds in front, in place of those of the scene, for models that were trained with
        one that is at hand; others are told nothing by it.
    """

    path: str = ""
    boxes: tuple[PixelBox, ...] = ()
    of_scene: bool = False
    of_detector: bool = True


@dataclass(frozen=True, slots=True)
class ClipInput:
    """A film: a file of the user's, or one of the project's own generator.

    Attributes
    ----------
    path
        GIF, WebP, PNG, MP4 or WebM, or a folder of numbered images; empty for a generated clip.
    seed
        Of the generator, where there is no path: 0 and up. None of them was seen in training.
    frames
        Numbers of the frames that the model is shown, from 0, as many as it takes, in any order; empty for frames that
        are spread evenly.
    hidden
        Share of the places that are hidden in all frames, 0-1, for models that were made to fill them in.
    hidden_seed
        Which places these are.
    """

    path: str = ""
    seed: int = 0
    frames: tuple[int, ...] = ()
    hidden: float = 0.9
    hidden_seed: int = 0


@dataclass(frozen=True, slots=True)
class Input:
    """All that is given to a model; None for what is not. Models that read several kinds are given them at once.

    Attributes
    ----------
    images, texts
        What is compared with each other, by models that compare: no two of them are the same, and `image` and `text`
        are the pair among them that is looked at. At most 128 each, and 500 letters a text.
    """

    text: TextInput | None = None
    image: ImageInput | None = None
    mesh: MeshInput | None = None
    sound: SoundInput | None = None
    images: tuple[ImageInput, ...] = ()
    texts: tuple[str, ...] = ()
    regions: RegionsInput | None = None
    clip: ClipInput | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which of them are given: `text`, `image`, `mesh`, `sound`, `regions`, `clip`."""
        return tuple(name for name in _KINDS if getattr(self, name) is not None)

    @property
    def chosen(self) -> Input:
        """What is given to the model at once: the pair that is looked at, without what it is compared with."""
        return replace(self, images=(), texts=())

    def unmasked(self) -> Input:
        """The same without masked tokens."""
        return self if self.text is None else replace(self, text=replace(self.text, masked=()))
