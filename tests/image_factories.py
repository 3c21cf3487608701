"""Answers about pictures without a model: small, deterministic, and true to what `inference.results.images` says."""

from __future__ import annotations

import numpy as np

from inference.results.checkpoint import AttentionGroup, CheckpointInfo
from inference.results.classes import ClassesResult
from inference.results.complete_image import CompleteImageResult, ImageSample
from inference.results.image import ImageResult
from inference.results.masked_image import MaskedImageResult
from inference.results.masked_pixels import MaskedPixelsResult
from inference.results.patches import PatchesResult
from inference.results.probe import ProbeResult
from inference.results.segments import SegmentsResult
from inference.results.tokens import Tokens

IMAGE_CAPABILITIES = ("attention", "qk", "positions", "patches", "classes", "masked_image", "next_pixel")


def make_image(height: int = 48, width: int = 64, seed: int = 0) -> np.ndarray:
    """uint8 [row, column, 3]: smooth colours with a bright square in them."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([40 + 150 * x / width, 60 + 120 * y / height, 150 - 90 * x / width], -1).astype(np.uint8)
    top, left = np.random.default_rng(seed).integers((height // 2, width // 2))
    image[top : top + height // 3, left : left + width // 4] = (240, 200, 60)
    return image


def make_image_info(
    *, name: str = "vit-test", n_layers: int = 4, n_heads: int = 4, capabilities: tuple[str, ...] = IMAGE_CAPABILITIES
) -> CheckpointInfo:
    """A small ViT that can do everything, unless told otherwise."""
    return CheckpointInfo(
        checkpoint=name,
        name=name,
        architecture="ViTForImageClassification",
        family="image",
        n_parameters=1_234_567,
        d_model=16 * n_heads,
        d_vocab=0,
        n_ctx=0,
        groups=(AttentionGroup("encoder", "Encoder", (n_heads,) * n_layers),),
        capabilities=capabilities,
        missing=(),
        has_tokenizer=False,
        mask_token="",
        position_kind="learned",
        device="CPU",
        notes=(),
        reads=("image",),
        classes=("house", "tree", "car"),
        image_step=8,
    )


def make_image_tokens(grid: tuple[int, int], specials: tuple[str, ...] = ("[CLS]",)) -> Tokens:
    """Special tokens, then patches named by row and column."""
    words = (*specials, *(f"{row},{column}" for row in range(grid[0]) for column in range(grid[1])))
    n = len(words)
    return Tokens(
        ids=np.arange(n, dtype=np.int64),
        words=words,
        starts_word=np.ones(n, bool),
        is_special=np.arange(n) < len(specials),
        segment=np.zeros(n, np.int8),
    )


def make_image_result(*, caption: str = "a red house and a blue car in a meadow") -> ImageResult:
    """640 x 480 pixels, of which the middle square is seen."""
    return ImageResult(
        make_image(96, 128),
        make_image(64, 64),
        (0.125, 0.0, 0.875, 1.0),
        (640, 480),
        (8, 8),
        1,
        "640 × 480, middle square, resized to 64 × 64",
        caption,
    )


def make_patches_result(
    *,
    grid: tuple[int, int] = (3, 4),
    specials: tuple[str, ...] = ("[CLS]",),
    query: int = 0,
    n_layers: int = 4,
    n_heads: int = 4,
    size: tuple[int, int] = (48, 64),
    has_values: bool = True,
    has_rollout: bool = True,
    group: str = "encoder",
    notes: tuple[str, ...] = (),
    seed: int = 0,
) -> PatchesResult:
    """Random weights; every row sums to 1."""
    tokens = make_image_tokens(grid, specials)
    n = len(tokens)
    weights = np.random.default_rng((seed, query)).gamma(0.5, size=(2 * n_layers, n_heads, n)) + 1e-6
    pattern, weighted = np.split((weights / weights.sum(-1, keepdims=True)).astype(np.float32), 2)
    nothing = np.empty((0, 0, 0), np.float32)
    return PatchesResult(
        group,
        query,
        tokens,
        make_image(*size, seed=seed),
        grid,
        len(specials),
        pattern,
        weighted if has_values else nothing,
        pattern.mean(1) if has_rollout else np.empty((0, 0), np.float32),
        notes,
    )


def make_classes_result(
    *, n_layers: int = 4, n_labels: int = 12, is_multi_label: bool = False, truth: tuple[str, ...] = ("car",)
) -> ClassesResult:
    """The model comes to think of a car, layer by layer."""
    names = ("house", "tree", "car", "boat", "fish", "cup", "lamp", "star", "sun", "bird", "key", "hat")
    labels = tuple(names[i] if i < len(names) else f"class {i}" for i in range(n_labels))
    scores = np.random.default_rng(0).normal(0, 0.6, (n_layers + 1, n_labels))
    scores[:, 2] += np.linspace(0, 4, n_layers + 1)
    if is_multi_label:
        probabilities = 1 / (1 + np.exp(1.5 - scores))
    else:
        probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    layers = ("Embeddings", *(f"Layer {i}" for i in range(n_layers)))
    return ClassesResult(
        labels, probabilities.astype(np.float32), is_multi_label, "[CLS]", make_image(64, 64), truth, layers
    )


def make_masked_image_result(
    *,
    grid: tuple[int, int] = (4, 5),
    masked: tuple[int, ...] = (1, 2, 6, 13),
    n_tokens: int = 16,
    top_k: int = 5,
    has_tokenizer: bool = True,
) -> MaskedImageResult:
    """Patch i has token i % n_tokens; it is the second guess at every mask."""
    n_patches = grid[0] * grid[1]
    tokens = np.arange(n_patches, dtype=np.int64) % n_tokens
    places = np.array(masked, np.int64)
    guesses = (tokens[places][:, None] + np.array([1, 0, *range(2, top_k)])[:top_k]) % n_tokens
    probs = np.broadcast_to(0.5 ** np.arange(1, top_k + 1), guesses.shape).astype(np.float32)
    swatches = np.random.default_rng(1).integers(0, 255, (n_tokens, 1, 1, 3)).repeat(4, 1).repeat(4, 2).astype(np.uint8)
    expected = tokens.copy()
    expected[places] = guesses[:, 0]
    nothing = np.empty((0, 0, 3), np.uint8)

    def rebuilt(ids: np.ndarray) -> np.ndarray:
        rows = swatches[ids].reshape(*grid, 4, 4, 3).swapaxes(1, 2)
        return rows.reshape(grid[0] * 4, grid[1] * 4, 3)

    return MaskedImageResult(
        make_image(grid[0] * 16, grid[1] * 16),
        grid,
        places,
        tokens if has_tokenizer else np.empty(0, np.int64),
        guesses,
        probs,
        np.full(len(places), 0.25, np.float32) if has_tokenizer else np.empty(0, np.float32),
        swatches if has_tokenizer else np.empty((0, 0, 0, 3), np.uint8),
        rebuilt(tokens) if has_tokenizer else nothing,
        rebuilt(expected) if has_tokenizer else nothing,
        () if has_tokenizer else ("The checkpoint has no tokenizer of its own, so visual tokens are known by number.",),
    )


def make_complete_image_result(
    *,
    grid: tuple[int, int] = (8, 8),
    n_given: int = 32,
    n_done: int | None = None,
    count: int = 4,
    n_colors: int = 8,
    seed: int = 0,
) -> CompleteImageResult:
    """Completions that go on with random colours, `n_done` pixels of them so far (all unless given)."""
    rng = np.random.default_rng(2)
    n = grid[0] * grid[1]
    n_done = n if n_done is None else n_done
    palette = rng.integers(0, 255, (n_colors, 3)).astype(np.uint8)
    own = (np.arange(n) // 5 % n_colors).astype(np.int16)
    pixels = np.broadcast_to(own, (count, n)).copy()
    pixels[:, n_given:] = rng.integers(0, n_colors, (count, n - n_given))
    surprisal = rng.uniform(0, 4, (count, n)).astype(np.float32)
    weights = rng.uniform(0.1, 1, (count, n, n_colors)) if n_done == n else np.empty((count, 0, 0))
    probabilities = (weights / weights.sum(-1, keepdims=True)).astype(np.float16)
    own_surprisal = rng.uniform(0, 4, n).astype(np.float32)
    samples = tuple(
        ImageSample(seed + i, n_given, n, pixels[i, :n_done], surprisal[i, :n_done], probabilities[i])
        for i in range(count)
    )
    return CompleteImageResult(make_image(*grid), grid, palette, own, own_surprisal, samples)


def make_masked_pixels_result(*, grid: tuple[int, int] = (8, 8), n_colors: int = 8) -> MaskedPixelsResult:
    """Every seventh pixel is masked."""
    whole = make_complete_image_result(grid=grid, n_colors=n_colors)
    masked = np.arange(0, grid[0] * grid[1], 7, dtype=np.int64)
    weights = np.random.default_rng(3).uniform(0.1, 1, (len(masked), n_colors))
    probabilities = (weights / weights.sum(-1, keepdims=True)).astype(np.float32)
    return MaskedPixelsResult(whole.seen, grid, whole.palette, whole.own, masked, probabilities)


def make_probe_result(*, n_layers: int = 6, n_done: int | None = None) -> ProbeResult:
    """Accuracy that rises and falls."""
    layers = ("Embeddings", *(f"Layer {i}" for i in range(n_layers)))
    place = np.linspace(0, 1, n_layers + 1)
    accuracy = (0.4 + 1.6 * place * (1 - place)).astype(np.float32)
    accuracy[n_layers + 1 if n_done is None else n_done :] = np.nan
    return ProbeResult(layers, accuracy, 0.1, 0.55, 1200, 400)


def make_segments_result(
    labels: tuple[str, ...] = ("red house", "blue car", "background"),
    *,
    size: tuple[int, int] = (6, 9),
    is_cosine: bool = True,
    is_exclusive: bool = True,
    seed: int = 0,
) -> SegmentsResult:
    """Random scores between -0.5 and 0.5, each label's the same however many others there are."""
    scores = np.stack([np.random.default_rng((seed, len(label))).random(size) - 0.5 for label in labels])
    scores = scores.astype(np.float32)
    temperature = 0.07 if is_cosine else 1.0
    logits = scores / temperature
    shares = np.exp(logits) / np.exp(logits).sum(0)
    vectors = np.random.default_rng(1).normal(size=(len(labels), 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return SegmentsResult(
        labels,
        scores,
        is_cosine,
        temperature,
        scores.argmax(0).astype(np.int16),
        -(shares * np.log2(shares)).sum(0).astype(np.float32),
        is_exclusive,
        (vectors @ vectors.T).astype(np.float32),
        make_image(*size, seed=seed),
    )
