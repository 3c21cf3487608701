"""A long text through a large encoder, and a look at one head of each layer: `... long_run N_TOKENS N_LAYERS`.

As large as BERT-large (1,024 wide, 16 heads); random weights, one thread.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median

import torch
from transformers import BertConfig, BertModel

from benchmarks.measure import forget_peak, memory_mb
from inference.capture.tiles import tile
from inference.context import Context
from inference.families.encoder import EncoderFamily
from inference.forward.memory import Memory, keep_freed
from inference.forward.model import Model
from inference.results.checkpoint import CheckpointInfo
from inference.results.inputs import Input, TextInput


def main() -> None:
    n, n_layers = int(sys.argv[1]), int(sys.argv[2])
    keep_freed()  # as the engine does
    torch.set_num_threads(1)
    model = _model(n, n_layers)
    input = Input(TextInput(token_ids=tuple(torch.randint(5, 1000, (n,)).tolist())))
    model.encode(input)
    before = memory_mb()
    forget_peak()
    started = time.perf_counter()
    run = model.run(input, Context())
    pass_s = time.perf_counter() - started
    pass_peak = memory_mb(field_name="VmHWM") - before
    holding = memory_mb() - before
    n_held = sum(call.is_held for call in run.calls["encoder"])

    def look(layer: int) -> float:
        """Seconds until a tile of the middle of the map is there."""
        started = time.perf_counter()
        call = model.call(run, "encoder", layer, Context())
        rows = slice(n // 2, min(n, n // 2 + 256))
        tile(call, 3, rows, rows, 1, "max", torch.full((n,), torch.nan))
        return time.perf_counter() - started

    held_s = median(look(layer) for layer in range(min(n_held, 8)))
    recomputed_s = look(n_layers - 1) if n_held < n_layers else 0.0
    peak = memory_mb(field_name="VmHWM") - before
    print(
        json.dumps(
            {
                "pass_s": pass_s,
                "pass_peak_mb": pass_peak,
                "holding_mb": holding,
                "peak_mb": peak,
                "held_s": held_s,
                "recomputed_s": recomputed_s,
                "n_held": n_held,
                "budget_mb": Memory().budget / 2**20,
                "maps_mb": n_layers * 16 * n * n * 4 / 2**20,
            }
        )
    )


def _model(n: int, n_layers: int) -> Model:
    config = BertConfig(
        vocab_size=1000,
        hidden_size=1024,
        num_hidden_layers=n_layers,
        num_attention_heads=16,
        intermediate_size=4096,
        max_position_embeddings=n,
    )
    family = EncoderFamily()
    info = CheckpointInfo(
        checkpoint="large",
        name="large",
        architecture="BertModel",
        family=family.name,
        n_parameters=0,
        d_model=1024,
        d_vocab=1000,
        n_ctx=n,
        groups=family.groups(config),
        capabilities=("attention", "qk"),
        missing=(),
        has_tokenizer=False,
        mask_token="",
        position_kind="learned",
        device="CPU",
        notes=(),
    )
    return Model(info, BertModel(config).eval(), None, family, torch.device("cpu"))


main()
