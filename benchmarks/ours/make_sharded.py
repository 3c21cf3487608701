"""A checkpoint of ten gigabytes in shards that takes no room on the disk: `... make_sharded FOLDER [N_LAYERS]`.

Configuration, index and headers are those of a LLaMA in bfloat16; the numbers are holes in the files.
"""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

D_MODEL, D_MLP, N_HEADS, D_VOCAB, N_LAYERS = 4096, 11008, 32, 32_000, 24
N_SHARDS = 4
_BYTES = 2  # of a bfloat16


def make_sharded(folder: Path, n_layers: int = N_LAYERS) -> int:
    """Write it; gives the bytes that its files say they have."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16",
        "hidden_size": D_MODEL, "intermediate_size": D_MLP, "num_hidden_layers": n_layers,
        "num_attention_heads": N_HEADS, "num_key_value_heads": N_HEADS, "vocab_size": D_VOCAB,
        "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "tie_word_embeddings": False,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    names = list(_shapes(n_layers).items())
    share = -(-len(names) // N_SHARDS)
    places, total = {}, 0
    for shard in range(N_SHARDS):
        name = f"model-{shard + 1:05}-of-{N_SHARDS:05}.safetensors"
        part = dict(names[shard * share : (shard + 1) * share])
        total += _write(folder / name, part)
        places |= dict.fromkeys(part, name)
    index = {"metadata": {"total_size": total}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return total


def _shapes(n_layers: int) -> dict[str, list[int]]:
    shapes = {"model.embed_tokens.weight": [D_VOCAB, D_MODEL]}
    for layer in range(n_layers):
        at = f"model.layers.{layer}"
        shapes |= {f"{at}.self_attn.{part}_proj.weight": [D_MODEL, D_MODEL] for part in "qkvo"}
        shapes |= {f"{at}.mlp.{part}_proj.weight": [D_MLP, D_MODEL] for part in ("gate", "up")}
        shapes[f"{at}.mlp.down_proj.weight"] = [D_MODEL, D_MLP]
        shapes |= {f"{at}.{norm}_layernorm.weight": [D_MODEL] for norm in ("input", "post_attention")}
    return shapes | {"model.norm.weight": [D_MODEL], "lm_head.weight": [D_VOCAB, D_MODEL]}


def _write(path: Path, shapes: dict[str, list[int]]) -> int:
    header, at = {}, 0
    for name, shape in shapes.items():
        n_bytes = _BYTES
        for n in shape:
            n_bytes *= n
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, at + n_bytes]}
        at += n_bytes
    content = json.dumps(header).encode()
    content += b" " * (-len(content) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(content)) + content)
        file.truncate(8 + len(content) + at)
    return at


if __name__ == "__main__":
    folder, *layers = sys.argv[1:]
    print(json.dumps({"n_bytes": make_sharded(Path(folder), *map(int, layers))}))
