"""How quickly a text grows: `... writing KIND tiny|base N_GIVEN N_WRITTEN N_ROUNDS`.

KIND is `decoder`, `encoder_decoder`, or `captions` of an image. Written by transformers' own `generate` and by the
analysis, in turn. The model is random and ends no text. Seconds are CPU time of one thread: what it takes on a quiet
machine, whatever else runs on this one.
"""

from __future__ import annotations

import io
import json
import sys
import time
from statistics import median
from typing import Any

import torch
import transformers

from inference.analyses.caption import caption
from inference.analyses.generation import generation
from inference.analyses.translation import translation
from inference.context import Context
from inference.families.composed import VirTexFamily
from inference.families.decoder import DecoderFamily
from inference.families.encoder_decoder import EncoderDecoderFamily
from inference.forward.model import Model
from inference.inputs.images import Preparation
from inference.models.virtex.layers import VirTexConfig
from inference.models.virtex.model import VirTex
from inference.results.caption import CaptionRequest
from inference.results.checkpoint import CheckpointInfo
from inference.results.decoding import Decoding
from inference.results.events import Partial
from inference.results.generation import GenerationRequest
from inference.results.inputs import ImageInput, Input, TextInput
from inference.results.translation import TranslationRequest
from inference.service import wire

FAMILIES = {"decoder": DecoderFamily, "encoder_decoder": EncoderDecoderFamily, "captions": VirTexFamily}
SAMPLED = Decoding("sample", temperature=0.8, top_k=40, top_p=0.95)


class Clock:
    """Takes partial results as the engine would send them, and notes when tokens were there."""

    def __init__(self) -> None:
        self.began = time.process_time()
        self.first = self.last = 0.0

    def __call__(self, event: object) -> None:
        if isinstance(event, Partial):
            wire.write(io.BytesIO(), {"result": event.result})
            self.first = self.first or time.process_time() - self.began
        elif getattr(event, "label", "").startswith("Token"):
            self.last = time.process_time() - self.began


def net_of(kind: str, size: str) -> Any:
    torch.manual_seed(0)
    if kind == "decoder":
        sizes = {"n_embd": 48, "n_layer": 2, "n_head": 4, "vocab_size": 300} if size == "tiny" else {}
        net: Any = transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes))
    elif kind == "captions":  # of the size that was published, but for longer captions
        sizes = {"vocab_size": 300, "hidden_size": 64, "decoder_attention_heads": 4, "decoder_ffn_dim": 64}
        sizes |= {"resnet_depths": (1, 1), "resnet_strides": (1, 2), "resnet_width": 4, "image_size": 32}
        net = VirTex(VirTexConfig(max_position_embeddings=256, **(sizes if size == "tiny" else {})))
    else:
        layers = 2 if size == "tiny" else 6
        width = 64 if size == "tiny" else 512
        config = transformers.MarianConfig(
            vocab_size=300 if size == "tiny" else 37_000, d_model=width, encoder_layers=layers, decoder_layers=layers,
            encoder_attention_heads=8, decoder_attention_heads=8, encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width,
            pad_token_id=1, eos_token_id=2, decoder_start_token_id=1, max_position_embeddings=512,
        )  # fmt: skip
        net = transformers.MarianMTModel(config)
    net.generation_config = transformers.GenerationConfig(pad_token_id=1, decoder_start_token_id=1, eos_token_id=None)
    return net.eval()


def model_of(kind: str, net: Any) -> Model:
    family = FAMILIES[kind]()
    info = CheckpointInfo(
        checkpoint="random", name="random", architecture=type(net).__name__, family=family.name, n_parameters=0,
        d_model=0, d_vocab=net.config.vocab_size, n_ctx=family.n_ctx(net.config), groups=family.groups(net.config),
        capabilities=(), missing=(), has_tokenizer=False, mask_token="", position_kind="learned", device="CPU",
        notes=(),
    )  # fmt: skip
    side = getattr(net.config, "image_size", 0)
    half = (0.5, 0.5, 0.5)
    prepared = Preparation((side, side), None, 3, 1 / 255, half, half) if side else None
    return Model(info, net, None, family, torch.device("cpu"), preparation=prepared)


def main() -> None:
    torch.set_num_threads(1)
    kind, size, n_given, n_written, n_rounds = *sys.argv[1:3], *map(int, sys.argv[3:])
    net = net_of(kind, size)
    model = model_of(kind, net)
    ids = tuple(torch.randint(5, net.config.vocab_size, (n_given,)).tolist())
    input = Input(TextInput(token_ids=ids)) if kind != "captions" else Input(image=ImageInput(seed=1, kind="scene"))
    given = {"input_ids": torch.tensor([ids])}
    if kind == "captions":
        prepared = model.prepare(input)
        given = {"pixel_values": torch.from_numpy(prepared.values)[None]}
    else:
        given["attention_mask"] = torch.ones_like(given["input_ids"])
    times: dict[str, list[float]] = {}

    def note(name: str, seconds: float) -> None:
        times.setdefault(f"{name}_s", []).append(seconds)

    def own(way: str) -> None:
        said = {"do_sample": True, "temperature": 0.8, "top_k": 40, "top_p": 0.95} if way == "sample" else {}
        torch.manual_seed(0)
        began = time.process_time()
        with torch.inference_mode():
            net.generate(**given, max_new_tokens=n_written, **said)
        note(f"{way}_own", time.process_time() - began)

    def streamed(way: str) -> None:
        decoding = SAMPLED if way == "sample" else Decoding()
        kinds: dict[str, Any] = {
            "decoder": (generation, GenerationRequest("random", input, decoding, most=n_written)),
            "encoder_decoder": (
                translation, TranslationRequest("random", input, decoding, prefix_ids=(1,), most=n_written),
            ),
            "captions": (caption, CaptionRequest("random", input, decoding, most=n_written)),
        }  # fmt: skip
        analysis, request = kinds[kind]
        model._last = None  # a text that was not looked at before
        clock = Clock()
        analysis(request, model, Context(clock))
        note(f"{way}_streamed", clock.last)
        note(f"{way}_whole", time.process_time() - clock.began)
        note("first", clock.first)

    def bare() -> None:
        tensors = given | ({} if kind == "decoder" else {"decoder_input_ids": torch.tensor([[1]])})
        began = time.process_time()
        with torch.inference_mode():
            net(**tensors, use_cache=True)
        note("forward", time.process_time() - began)

    for number in range(n_rounds + 1):
        for way in ("greedy", "sample"):
            own(way)
            streamed(way)
            bare()
        if not number:  # the first round warms up
            times.clear()
    found = {name: median(values) for name, values in times.items()}
    for way in ("greedy", "sample"):  # of what was written one right after the other
        pairs = zip(times[f"{way}_own_s"], times[f"{way}_streamed_s"], strict=True)
        found[f"{way}_pace"] = median(own / streamed for own, streamed in pairs)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
