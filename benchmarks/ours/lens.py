"""What every layer would say, against one forward pass: `python -m benchmarks.ours.lens D_VOCAB N_LAYERS N_TIMES`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import torch
import transformers

from benchmarks.ours.cpu import cpu_seconds
from inference.analyses.attribution import attribution
from inference.analyses.lens import lens
from inference.context import Context
from inference.results.attribution import AttributionRequest
from inference.results.inputs import Input, TextInput
from inference.results.lens import LensRequest
from tests.inference.tiny_models import build_model

N_TOKENS = 128


def main() -> None:
    d_vocab, n_layers, n_times = (int(argument) for argument in sys.argv[1:4])
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=d_vocab, n_layer=n_layers, bos_token_id=0, eos_token_id=0)
    net = transformers.GPT2LMHeadModel(config).eval()
    model = build_model("gpt2", net)
    model.info = replace(model.info, d_vocab=d_vocab)
    input = Input(text=TextInput(token_ids=tuple(torch.randint(5, d_vocab, (N_TOKENS,)).tolist())))
    tensors = model.encode(input).tensors

    table, states = net.lm_head.weight, torch.randn(n_layers, N_TOKENS, config.n_embd)

    def forward() -> None:
        with torch.inference_mode():
            net(**tensors)

    def products() -> None:
        """A forward pass, and of what goes into each layer the products with the table, of which nothing is made."""
        forward()
        with torch.inference_mode():
            for state in states:
                torch.nn.functional.linear(state, table)

    found = {
        "forward_s": cpu_seconds(forward, n_times),
        "products_s": cpu_seconds(products, n_times),
        "lens_s": cpu_seconds(lambda: lens(LensRequest("", input), model, Context()), n_times),
        "attribution_s": cpu_seconds(lambda: attribution(AttributionRequest("", input), model, Context()), n_times),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
