"""Images against texts, and why a pair is alike, against plain passes: `python -m benchmarks.ours.pairs N N_TIMES`."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image

from benchmarks.ours.cpu import cpu_seconds
from inference.analyses.relevance import relevance
from inference.analyses.similarity import similarity
from inference.context import Context
from inference.forward.opening import load
from inference.inputs.images import prepare
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.relevance import RelevanceRequest
from inference.results.similarity import SimilarityRequest
from tests.inference import tiny_pairs

_SIZES = {"hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 4, "intermediate_size": 1024}
_SIDE = 112


def main() -> None:
    n, n_times = (int(argument) for argument in sys.argv[1:3])
    with tempfile.TemporaryDirectory() as place:
        folder = _checkpoint(Path(place))
        model = load(str(folder), Context())
        net = model.net
        rng = np.random.default_rng(0)
        paths = [folder / f"{i}.png" for i in range(n)]
        for path in paths:
            Image.fromarray(rng.integers(0, 255, (_SIDE, _SIDE, 3)).astype(np.uint8)).save(path)
        images = tuple(ImageInput(path=str(path)) for path in paths)
        words = [word for word in tiny_pairs.VOCAB if word.isalpha()]
        texts = tuple(" ".join(rng.choice(words, rng.integers(4, 12))) + f" {word}" for word in range(n))

        def plain() -> np.ndarray:
            assert model.preparation is not None
            pixels = torch.from_numpy(np.stack([prepare(image, model.preparation).values for image in images]))
            tokens = model.tokenizer(list(texts), padding=True, return_tensors="pt")  # type: ignore[misc]
            given = {"input_ids": tokens["input_ids"], "attention_mask": tokens["attention_mask"]}
            with torch.inference_mode():
                return net(pixel_values=pixels, **given).logits_per_image.numpy()

        def ours() -> np.ndarray:
            model.store.clear()
            return similarity(SimilarityRequest("", images, texts), model, Context()).logits

        np.testing.assert_allclose(ours(), plain(), atol=1e-3)
        given = Input(text=TextInput("a red house"), image=images[0])
        tensors = model.encode(given).tensors

        def both_ways() -> None:
            net.zero_grad()
            net(**tensors).logits_per_image[0, 0].backward()

        found = {
            "plain_s": cpu_seconds(plain, n_times),
            "ours_s": cpu_seconds(ours, n_times),
            "both_ways_s": cpu_seconds(both_ways, 5 * n_times),
            "relevance_s": cpu_seconds(lambda: relevance(RelevanceRequest("", given), model, Context()), 5 * n_times),
        }
    print(json.dumps(found))


def _checkpoint(folder: Path) -> Path:
    """The tiny one with larger towers."""
    tiny_pairs.save(folder, "clip")
    torch.manual_seed(0)
    config = transformers.CLIPConfig(
        text_config={**tiny_pairs.TEXT, **_SIZES, "projection_dim": 128},
        vision_config={**_SIZES, "image_size": _SIDE, "patch_size": 16, "projection_dim": 128},
        projection_dim=128,
    )
    transformers.CLIPModel(config).save_pretrained(folder)
    file = folder / "preprocessor_config.json"
    said = json.loads(file.read_text())
    said |= {"size": {"shortest_edge": _SIDE}, "crop_size": {"height": _SIDE, "width": _SIDE}, "resample": 3}
    file.write_text(json.dumps(said))
    return folder


if __name__ == "__main__":
    main()
