"""What it costs to tell where an answer looks: `... answer tiny|published N_IMAGE N_WRITTEN plain|looking|maps`.

A random LLaVA of two layers, with the head sizes of the published one, writes behind an image of so many tokens: as
transformers writes it (plain), by the writer that tells of each token what it looked at (looking), or with all maps
that transformers hands out (maps). Seconds are CPU time of one thread; memory is the most that the process has held
beyond what it held before.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from typing import Any

import numpy as np
import torch
import transformers

from inference.families.chat.in_order import LlavaFamily
from inference.forward.answers.looking_writer import LookingWriter
from inference.forward.model import Model
from inference.results.checkpoint import CheckpointInfo

_IMAGE = 5  # the token that stands for a part of the image


def net_of(size: str, n_image: int) -> Any:
    torch.manual_seed(0)
    side = int(n_image**0.5)
    width, heads, inner, words = (64, 4, 96, 300) if size == "tiny" else (4096, 32, 11008, 32064)
    tower = {"hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 96} if size == "tiny" else {}
    vision = {
        "model_type": "clip_vision_model", "hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096,
        "num_hidden_layers": 2, "image_size": 14 * side, "patch_size": 14, **tower,
    }  # fmt: skip
    text = {
        "model_type": "llama", "hidden_size": width, "num_attention_heads": heads, "num_key_value_heads": heads,
        "intermediate_size": inner, "num_hidden_layers": 2, "vocab_size": words, "max_position_embeddings": 4096,
    }  # fmt: skip
    config = transformers.LlavaConfig(vision_config=vision, text_config=text, image_token_index=_IMAGE)
    net: Any = transformers.LlavaForConditionalGeneration(config).eval()
    net.generation_config = transformers.GenerationConfig(pad_token_id=1, eos_token_id=None)
    return net


def model_of(net: Any) -> Model:
    family = LlavaFamily()
    info = CheckpointInfo(
        checkpoint="random", name="random", architecture=type(net).__name__, family=family.name, n_parameters=0,
        d_model=0, d_vocab=0, n_ctx=0, groups=family.groups(net.config), capabilities=(), missing=(),
        has_tokenizer=False, mask_token="", position_kind="rotary", device="CPU", notes=(),
    )  # fmt: skip
    return Model(info, net, None, family, torch.device("cpu"))


def main() -> None:
    torch.set_num_threads(1)
    size, way = sys.argv[1], sys.argv[4]
    n_image, n_written = map(int, sys.argv[2:4])
    net = net_of(size, n_image)
    model = model_of(net)
    ids = torch.cat([torch.full((n_image,), _IMAGE), torch.arange(10, 26)])[None]
    side = net.config.vision_config.image_size
    tensors = {"input_ids": ids, "pixel_values": torch.randn(1, 3, side, side)}

    def looking(n: int) -> np.ndarray:
        family = LlavaFamily()
        writer = LookingWriter(model, family, tensors, 1, family.answer_path(net.config), np.arange(n_image))
        logits = writer.begin()[-1]
        for _ in range(n - 1):
            logits = writer.feed(logits.argmax(-1)[None])[0]
        return writer.looks()

    def plain(n: int) -> object:
        with torch.inference_mode():
            return net.generate(**tensors, max_new_tokens=n, do_sample=False)

    def maps(n: int) -> object:
        for part in net.modules():
            if hasattr(getattr(part, "config", None), "_attn_implementation_internal"):
                part.config._attn_implementation_internal = "eager"
        with torch.inference_mode():
            return net.generate(
                **tensors, max_new_tokens=n, do_sample=False, output_attentions=True, return_dict_in_generate=True
            )

    run = {"plain": plain, "looking": looking, "maps": maps}[way]
    with torch.inference_mode():
        net(input_ids=ids[:, -4:])  # what is set up once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    found = run(n_written)
    seconds = time.process_time() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    held = found.nbytes if isinstance(found, np.ndarray) else 0
    print(json.dumps({"seconds": seconds, "megabytes": (after - before) / 1024, "looks_megabytes": held / 2**20}))


if __name__ == "__main__":
    main()
