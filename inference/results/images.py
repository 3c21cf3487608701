"""Pictures: what models see in them, name them, fill in and go on with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from inference.results.common import Tokens
    from inference.results.inputs import ImageInput


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """How the checkpoint sees a picture, to be shown beside its name."""

    checkpoint: str
    input: ImageInput


@dataclass(frozen=True, slots=True)
class ImageResult:
    """Before and after it was made ready for the model.

    Attributes
    ----------
    original
        uint8 [row, column, 3], RGB, upright; at most 512 pixels a side. A generated picture is drawn twice: for the
        model in its size, and here in a larger one.
    seen
        uint8 [row, column, 3]: what the model receives, after resizing and cropping, as colours again.
    box
        left, top, right, bottom in shares of the original, 0-1: the part of it that is seen.
    size
        Width and height of the original in pixels.
    grid
        Rows and columns of patches (of pixels for Image GPT).
    n_special
        Tokens before the first patch, such as [CLS] and registers.
    about
        What was done, in a line, such as `640 × 427, middle square, resized to 224 × 224`.
    caption
        What the generator says is in it; empty for files.
    """

    original: np.ndarray
    seen: np.ndarray
    box: tuple[float, float, float, float]
    size: tuple[int, int]
    grid: tuple[int, int]
    n_special: int
    about: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class PatchesRequest:
    """What one token (a patch, or [CLS]) looks at, in every layer and head of a group.

    `query` is a position of the sequence, special tokens counted.
    """

    checkpoint: str
    input: ImageInput
    group: str
    query: int


@dataclass(frozen=True, slots=True)
class PatchesResult:
    """One query's row of every map.

    Attributes
    ----------
    tokens
        The sequence of keys: special tokens and patches, each named `row,column` from 0. The last pixel of a causal
        Image GPT, which it guesses and does not read, is there too, with weight 0.
    seen
        uint8 [row, column, 3]: see `PictureResult`; larger, and black there, where the model pads the picture.
    grid
        Rows and columns of patches of this group.
    n_special
        Tokens before the first patch.
    pattern
        float32 [layer, head, key]: attention weights; a row sums to 1.
    weighted
        float32 [layer, head, key]: the weights times the length of the value vectors, divided by their sum (after
        Kobayashi et al. 2020, "Attention is Not Only a Weight"; there behind the output projection). Empty where
        values are not known.
    rollout
        float32 [layer, key]: attention rollout from the first layer of the group to this one (Abnar and Zuidema
        2020). Empty in a first partial result, and where it would take too much.
    notes
        Sentences for the user, such as why there is no rollout.
    """

    group: str
    query: int
    tokens: Tokens
    seen: np.ndarray
    grid: tuple[int, int]
    n_special: int
    pattern: np.ndarray
    weighted: np.ndarray
    rollout: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassesRequest:
    """What the checkpoint calls a picture, after each layer."""

    checkpoint: str
    input: ImageInput


@dataclass(frozen=True, slots=True)
class ClassesResult:
    """Probabilities of all classes.

    Attributes
    ----------
    labels
        Names of the classes.
    probabilities
        float32 [layer + 1, label]: the final norm and head applied to what each layer hands on; row 0 is what comes
        into the first layer, such as the embedding; the last row is the model's own answer.
    is_multi_label
        Whether classes are independent (sigmoid) or exclude each other (softmax: rows sum to 1).
    read_from
        What the head reads, such as `[CLS]` or `mean of the patches`.
    truth
        Labels that are known to be true, for generated pictures of the checkpoint's own world.
    layers
        Names of the rows of `probabilities`. Of Swin only the last stage can be read.
    notes
        Sentences for the user, such as why earlier layers are missing.
    """

    labels: tuple[str, ...]
    probabilities: np.ndarray
    is_multi_label: bool
    read_from: str
    seen: np.ndarray
    truth: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MaskedImageRequest:
    """What the checkpoint expects behind masked patches (Bao et al. 2022, "BEiT").

    Attributes
    ----------
    masked
        Patches, row by row from 0. Empty: they are chosen block-wise as in the paper.
    share, seed
        Of the block-wise choice: 0 to 1 of the patches, and which.
    top_k
        Candidates for each masked patch.
    """

    checkpoint: str
    input: ImageInput
    masked: tuple[int, ...] = ()
    share: float = 0.4
    seed: int = 0
    top_k: int = 5


@dataclass(frozen=True, slots=True)
class MaskedImageResult:
    """Visual tokens, and what the model expects where it does not see.

    Attributes
    ----------
    seen
        uint8 [row, column, 3].
    grid
        Rows and columns of patches.
    masked
        int64 [mask], ascending.
    tokens
        int64 [patch]: the picture's own visual tokens; empty without a tokenizer.
    ids, probs
        int64 and float32 [mask, k], most probable first.
    original_probs
        float32 [mask]: probability of the picture's own token; empty without a tokenizer.
    swatches
        uint8 [token, row, column, 3]: what each visual token looks like when all its neighbours are the same; empty
        without a decoder.
    rebuilt_own, rebuilt
        uint8 [row, column, 3]: the picture decoded from its own tokens, and with the most probable ones in place of
        those that are masked; empty without a decoder.
    notes
        Sentences for the user, such as that there is no tokenizer.
    """

    seen: np.ndarray
    grid: tuple[int, int]
    masked: np.ndarray
    tokens: np.ndarray
    ids: np.ndarray
    probs: np.ndarray
    original_probs: np.ndarray
    swatches: np.ndarray
    rebuilt_own: np.ndarray
    rebuilt: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompleteImageRequest:
    """Let an Image GPT go on behind the first pixels (Chen et al. 2020); completions grow in partial results.

    Attributes
    ----------
    n_given
        Pixels that are kept, row by row.
    seed, count
        Completion i is drawn with seed + i, and is the same alone and among others.
    temperature, top_p
        Above 0 to 2; above 0 to 1.
    """

    checkpoint: str
    input: ImageInput
    n_given: int
    count: int = 4
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True, slots=True)
class CompleteImageResult:
    """Completions so far, and how surprising each pixel was.

    Attributes
    ----------
    seen
        uint8 [row, column, 3]: the picture in the model's size, before its colours were reduced.
    grid
        Rows and columns of pixels.
    palette
        uint8 [colour, 3].
    own
        int16 [pixel]: the picture in the palette's colours.
    own_bits
        float32 [pixel]: -log2 of the probability the model gave each of the picture's own pixels, given those before.
    samples
        int16 [completion, pixel]: the pixels so far, the given ones first; -1 where there is none yet.
    bits
        float32 [completion, pixel]: the same for the completions, at temperature 1; NaN where there is none yet.
    probabilities
        float16 [completion, pixel, colour]: what the model expected at each pixel, the given ones too; empty in
        partial results.
    """

    seen: np.ndarray
    grid: tuple[int, int]
    palette: np.ndarray
    own: np.ndarray
    own_bits: np.ndarray
    samples: np.ndarray
    bits: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True, slots=True)
class MaskedPixelsRequest:
    """The masked variant of Image GPT: colours for masked pixels (Chen et al. 2020, section 2.2).

    `masked` are pixels, row by row; empty: `share` of them, chosen by `seed`.
    """

    checkpoint: str
    input: ImageInput
    masked: tuple[int, ...] = ()
    share: float = 0.15
    seed: int = 0


@dataclass(frozen=True, slots=True)
class MaskedPixelsResult:
    """What the model puts in place of masked pixels.

    Attributes
    ----------
    seen, grid, palette, own
        See `CompleteImageResult`.
    masked
        int64 [mask], ascending.
    probabilities
        float32 [mask, colour].
    """

    seen: np.ndarray
    grid: tuple[int, int]
    palette: np.ndarray
    own: np.ndarray
    masked: np.ndarray
    probabilities: np.ndarray


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """How well a linear classifier tells things apart by the features of each layer; generated pictures."""

    checkpoint: str
    n_train: int = 1_200
    n_test: int = 400
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Accuracy by layer, as in Chen et al. 2020, figure 2; in a partial result the layers so far.

    Attributes
    ----------
    layers
        Names: the embedding, then the layers.
    accuracy
        float32 [layer], 0-1, on held-out pictures; NaN where not measured yet.
    chance
        Share of the most frequent class among the held-out pictures.
    pixels
        Accuracy of the same classifier on the pixels themselves.
    """

    layers: tuple[str, ...]
    accuracy: np.ndarray
    chance: float
    pixels: float
    n_train: int
    n_test: int
