"""Measure `igpt-small` and write its folder: weights, palette, model card; beside the state, completions to look at.

python -m resources.recipes.igpt_small_report --state DIR --out resources/checkpoints/igpt-small
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor
from torch.nn import functional as F
from transformers import ImageGPTForCausalImageModeling, ImageGPTImageProcessor

from inference.inputs.scene_images import paint_scene
from resources.recipes.igpt_small import N_COLOURS, SIDE, load_palette, portraits, to_tokens, with_start
from resources.recipes.scene_data import TEST, TRAIN, VALIDATION
from resources.scene_shapes import KINDS
from resources.scenes import make_portrait

TEMPERATURES = (1.0, 0.7)
_N_PIXELS = SIDE * SIDE
_KIND_NUMBERS = {kind: i for i, kind in enumerate(KINDS)}

_CARD = """---
license: apache-2.0
---
# igpt-small

A small Image GPT (Chen et al. 2020) trained from scratch for Headlight: it draws one thing, pixel by pixel.
{n_layers} layers, {n_heads} heads, {d_model} wide, {parameters:.2f} M parameters, images of {side} × {side} pixels in
a palette of {n_colours} colours, which `preprocessor_config.json` holds; in half precision.

## Data
Portraits of `resources/scenes.py`, drawn while training: one thing of {n_kinds} kinds and 8 colours fills most of the
image, in one of six places. Every training image was seen once. The palette is found by k-means over the pixels of
the first 1,000 training portraits. The program draws the images, so they are under its own licence.

## Training
{steps:,} steps of {batch} images, seed {seed}:

    python -m resources.recipes.igpt_small --state STATE --steps {steps}
    python -m resources.recipes.igpt_small_report --state STATE --out resources/checkpoints/igpt-small

The run was lengthened while it went: the learning rate also fell to two thirds of its peak between steps 780 and 978,
and then stood at its peak again.

## Measured
On {n_test:,} portraits of seeds that training never draws ({n_double} more were left out: pixel by pixel, the training
images hold them too). The baselines are counted on the training images.

| | bits per pixel |
|---|---|
| igpt-small | {bits:.3f} |
| previous pixel | {bits_previous:.3f} |
| pixels to the left and above | {bits_neighbours:.3f} |
| unigram | {bits_unigram:.3f} |

{saved:.0%} fewer bits than the unigram.

Completions: of {n_completed} of these portraits the upper half is kept and the lower half sampled. A classifier
of whole portraits (scikit-learn's MLP on pixels) names the kind of

| | right |
|---|---|
| the whole portrait | {named_whole:.3f} |
| upper half with its completion at temperature 0.7 | {named_07:.3f} |
| upper half with its completion at temperature 1 | {named_1:.3f} |
| upper half with the lower half of another portrait | {named_mixed:.3f} |
| chance | {chance:.3f} |

Linear probe: the kind of the thing by logistic regression on features of {n_probe_train:,} portraits, on
{n_probe_test:,} others. Features: the mean over pixels of a layer's normed input, as in the paper; raw pixels reach
{probe_pixels:.3f}.

| {probe_head} |
|{probe_rule}|
| {probe_row} |

## Limits
It knows sixteen drawn silhouettes and nothing of the world. A half that fits several things is completed as any of
them.
"""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--n-test", type=int, default=1_000)
    args = parser.parse_args()
    run = json.loads((args.state / "run.json").read_text(encoding="utf-8"))
    palette = load_palette(args.state)
    # What is measured is what is shipped: half precision, read back.
    ImageGPTForCausalImageModeling.from_pretrained(args.state / "model").half().save_pretrained(args.out)
    model = ImageGPTForCausalImageModeling.from_pretrained(args.out, dtype=torch.float32).eval()
    processor = ImageGPTImageProcessor(clusters=palette.tolist(), size={"height": SIDE, "width": SIDE})
    processor.save_pretrained(args.out)
    check_processor(args.out, palette)

    seen = np.concatenate([to_tokens(part, palette).numpy() for part in _drawn(TRAIN[: run["steps"] * run["batch"]])])
    known = {row.tobytes() for row in seen.astype(np.uint8)}
    seeds = list(TEST[: args.n_test])
    tokens = to_tokens(portraits(TEST[: args.n_test]), palette)
    is_new = np.array([row.tobytes() not in known for row in tokens.numpy().astype(np.uint8)])
    tokens, seeds = tokens[torch.from_numpy(is_new)], [seed for seed, new in zip(seeds, is_new, strict=True) if new]

    baselines = bits_of_baselines(seen, tokens.numpy())
    bits = bits_per_pixel(model, tokens)
    n_completed = min(200, len(tokens))
    completed = {t: complete(model, tokens[:n_completed, : _N_PIXELS // 2], temperature=t) for t in TEMPERATURES}
    for temperature, sampled in completed.items():
        save_sheet(tokens[:n_completed], sampled, palette, args.state / f"completions-{temperature:g}.png")
    probes, probe_pixels = probe(model, palette, args.n_test)
    facts = {
        "n_layers": model.config.n_layer,
        "n_heads": model.config.n_head,
        "d_model": model.config.n_embd,
        "parameters": sum(p.numel() for p in model.parameters()) / 1e6,
        "side": SIDE,
        "n_colours": N_COLOURS,
        "n_kinds": len(KINDS),
        "n_test": len(tokens),
        "n_double": int((~is_new).sum()),
        "bits": bits,
        **baselines,
        "saved": 1 - bits / baselines["bits_unigram"],
        "n_completed": n_completed,
        **name_kinds(tokens[:n_completed].numpy(), completed, seeds, palette, args.n_test),
        "chance": 1 / len(KINDS),
        "n_probe_train": len(VALIDATION[: args.n_test]),
        "n_probe_test": len(TEST[: args.n_test]),
        "probe_pixels": probe_pixels,
        "probe_head": " | ".join(["pixels in", *(f"after {i}" for i in range(1, len(probes)))]),
        "probe_rule": "|".join("---" for _ in probes),
        "probe_row": " | ".join(f"{value:.3f}" for value in probes),
        **run,
    }
    (args.out / "README.md").write_text(_CARD.format(**facts), encoding="utf-8")
    print(json.dumps(facts, indent=1))


def check_processor(folder: Path, palette: np.ndarray) -> None:
    """transformers' own processor, read back, must see the tokens that were trained on."""
    processor = ImageGPTImageProcessor.from_pretrained(folder)
    seeds = range(TEST.start, TEST.start + 20)
    images = [paint_scene(make_portrait(seed), SIDE) for seed in seeds]
    ids = processor(images, return_tensors="pt")["input_ids"]
    if not torch.equal(ids, to_tokens(portraits(seeds), palette)):
        raise RuntimeError(f"The processor saved in {folder} does not give the tokens of the training.")


def _drawn(seeds: range) -> list[np.ndarray]:
    return [portraits(seeds[start : start + 500]) for start in range(0, len(seeds), 500)]


@torch.inference_mode()
def bits_per_pixel(model: ImageGPTForCausalImageModeling, tokens: Tensor) -> float:
    """Mean surprisal of a pixel, given those before it."""
    sums = [
        F.cross_entropy(model(with_start(batch), use_cache=False).logits.mT, batch, reduction="sum").item()
        for batch in tokens.split(50)
    ]
    return sum(sums) / tokens.numel() / np.log(2)


def bits_of_baselines(seen: np.ndarray, tokens: np.ndarray) -> dict[str, float]:
    """The same of counted models, each falling back on the next smaller one where it has seen little."""

    def before(images: np.ndarray, shift: int) -> np.ndarray:
        padded = np.pad(images, ((0, 0), (shift, 0)), constant_values=N_COLOURS)
        return padded[:, :_N_PIXELS]

    def counted(contexts: list[np.ndarray], fallback: np.ndarray) -> np.ndarray:
        """Probability of every pixel of `tokens`; `contexts` alternate between those of `seen` and of `tokens`."""
        n = N_COLOURS + 1
        numbers = [sum(c.astype(np.int64) * n**i for i, c in enumerate(contexts[k::2])) for k in range(2)]
        n_contexts = n ** (len(contexts) // 2)
        counts = np.bincount((numbers[0] * N_COLOURS + seen).ravel(), minlength=n_contexts * N_COLOURS)
        counts = counts.reshape(n_contexts, N_COLOURS)
        return (counts[numbers[1], tokens] + 2 * fallback) / (counts.sum(1)[numbers[1]] + 2)

    shares = (np.bincount(seen.ravel(), minlength=N_COLOURS) + 1) / (seen.size + N_COLOURS)
    unigram = shares[tokens]
    left = [before(seen, 1), before(tokens, 1)]
    previous = counted(left, unigram)
    neighbours = counted([*left, before(seen, SIDE), before(tokens, SIDE)], previous)
    named = {"bits_unigram": unigram, "bits_previous": previous, "bits_neighbours": neighbours}
    return {name: float(-np.log2(p).mean()) for name, p in named.items()}


@torch.inference_mode()
def complete(model: ImageGPTForCausalImageModeling, prefix: Tensor, seed: int = 0, temperature: float = 1.0) -> Tensor:
    """Whole images [image, pixel] from their first pixels, sampled."""
    generator = torch.Generator().manual_seed(seed)
    start = torch.full_like(prefix[:, :1], N_COLOURS)
    result = model(torch.cat([start, prefix], 1), use_cache=True)
    tokens = prefix
    while True:
        chosen = torch.multinomial((result.logits[:, -1] / temperature).softmax(-1), 1, generator=generator)
        tokens = torch.cat([tokens, chosen], 1)
        if tokens.shape[1] == _N_PIXELS:
            return tokens
        result = model(chosen, past_key_values=result.past_key_values, use_cache=True)


def save_sheet(originals: Tensor, completed: Tensor, palette: np.ndarray, file: Path) -> None:
    """Pairs of an original and its completion, five times as large."""

    def painted(tokens: Tensor) -> np.ndarray:
        return np.rint((palette[tokens.numpy()] + 1) * 127.5).clip(0, 255).astype(np.uint8).reshape(-1, SIDE, SIDE, 3)

    pairs = np.concatenate([painted(originals), painted(completed)], 1)[:48]
    padded = np.pad(pairs, ((0, 0), (0, 2), (0, 1), (0, 0)), constant_values=255)
    rows = [np.concatenate(list(padded[i : i + 12]), 1) for i in range(0, len(padded) - len(padded) % 12, 12)]
    if rows:
        sheet = Image.fromarray(np.concatenate(rows, 0))
        sheet.resize((sheet.width * 5, sheet.height * 5), Image.Resampling.NEAREST).save(file)


def _kinds(seeds: range | list[int]) -> np.ndarray:
    return np.array([_KIND_NUMBERS[make_portrait(seed).things[0].kind] for seed in seeds])


def name_kinds(
    originals: np.ndarray, completed: dict[float, Tensor], seeds: list[int], palette: np.ndarray, n: int
) -> dict[str, float]:
    """How often a classifier of whole portraits names the right kind, of whole, completed and mixed ones."""
    taught = TRAIN[-4 * n :]
    pixels = palette[to_tokens(np.concatenate(_drawn(taught)), palette).numpy()].reshape(len(taught), -1)
    classifier = MLPClassifier((128,), max_iter=500, n_iter_no_change=4, early_stopping=True, random_state=0)
    classifier.fit(pixels, _kinds(taught))
    half = _N_PIXELS // 2
    named = {
        "named_whole": originals,
        "named_mixed": np.concatenate([originals[:, :half], np.roll(originals, 1, 0)[:, half:]], 1),
        "named_1": completed[1.0].numpy(),
        "named_07": completed[0.7].numpy(),
    }
    kinds = _kinds(seeds[: len(originals)])
    return {name: float(classifier.score(palette[t].reshape(len(t), -1), kinds)) for name, t in named.items()}


def probe(model: ImageGPTForCausalImageModeling, palette: np.ndarray, n: int) -> tuple[list[float], float]:
    """Accuracy of a linear classifier of the kind on each layer's features, and on raw pixels."""
    splits = VALIDATION[:n], TEST[:n]
    tokens = [to_tokens(portraits(seeds), palette) for seeds in splits]
    kinds = [_kinds(seeds) for seeds in splits]
    images = [palette[t.numpy()].reshape(len(t), -1) for t in tokens]
    features = [layer_features(model, t) for t in tokens]

    def accuracy(train: np.ndarray, test: np.ndarray) -> float:
        return float(_linear().fit(train, kinds[0]).score(test, kinds[1]))

    return [accuracy(a, b) for a, b in zip(*features, strict=True)], accuracy(*images)


def _linear() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=2_000))


@torch.inference_mode()
def layer_features(model: ImageGPTForCausalImageModeling, tokens: Tensor) -> np.ndarray:
    """float32 [layer + 1, image, d_model]: mean over pixels of what every block's first norm and the last norm give.

    References
    ----------
    Chen et al. 2020, "Generative Pretraining from Pixels", section 2.4.
    """
    blocks = model.transformer.h
    parts = []
    for batch in tokens.split(100):
        hidden = model.transformer(with_start(batch), output_hidden_states=True, use_cache=False).hidden_states
        norms = [block.get_submodule("ln_1") for block in blocks]
        normed = [norm(x) for norm, x in zip(norms, hidden[:-1], strict=True)] + [hidden[-1]]
        parts.append(torch.stack([x.mean(1) for x in normed]))
    return torch.cat(parts, 1).numpy()


if __name__ == "__main__":
    main()
