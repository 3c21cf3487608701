"""Ways to spoil a checkpoint, each drawn from a seeded generator; what it did comes back in words."""

from __future__ import annotations

import json
import os
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

WEIGHTS = "model.safetensors"
TRICK = '\u202e\x1b[31m<img src="file:///dev/zero">'
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 7, 64, 10**5, 10**6, 10**8, 2**31, 2**63, 10**400, 0.5, -0.0, 1e308,
    float("nan"), float("inf"), "", "x", "../outside", "/etc/passwd", "auto", "gelu", [], [1], [[1, 2], [3]], {},
    {"a": 1}, {"model_type": "bert"}, TRICK, "A" * 100_000, "\ud800",
)  # fmt: skip
# Keys that change what is read, or build something, whatever the kind of model.
KEYS: tuple[tuple[str, Any], ...] = (
    ("transformers_weights", "../outside/model.safetensors"),
    ("transformers_weights", "other.safetensors"),
    ("configuration_files", ["config.4.0.0.json"]),
    ("auto_map", {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil", "AutoTokenizer": ["evil.Evil", None]}),
    ("auto_map", ["evil.Evil", None]),
    ("_attn_implementation", "someone/kernel"),
    ("fusion_config", {"patch_embeddings": True}),
    ("quantization_config", {"quant_method": "gptq"}),
    ("text_config", {"model_type": "bert", "num_hidden_layers": 10**6}),
    ("text_config", "x"),
    ("vision_config", {}),
    ("backbone", "../outside"),
    ("num_labels", 10**8),
    ("id2label", {"0": TRICK}),
    ("id2label", [1]),
    ("pruned_heads", {"0": [0, 1], "10000000": [0]}),
    ("is_decoder", True),
    ("tokenizer_class", "RagTokenizer"),
    ("tokenizer_class", "ByT5Tokenizer"),
    ("tokenizer_class", TRICK),
    ("vocab_file", "../outside/vocab.txt"),
    ("fast_tokenizer_files", ["tokenizer./../../outside.json"]),
    ("chat_template", "{{ 1 / 0 }}"),
    ("model_max_length", 10**30),
    ("extra_special_tokens", {"x": TRICK}),
    ("resample", [1]),
    ("image_mean", [10**400] * 3),
    ("size", {"height": 10**9, "width": 1}),
    ("crop_size", -1),
    ("clusters", [[1e40] * 3]),
    ("architectures", [TRICK]),
    ("architectures", ["AutoModel"]),
    ("rope_parameters", {"rope_type": "yarn", "factor": -1}),
    ("rope_scaling", {"type": "x"}),
    ("layer_types", ["x"]),
    ("tie_word_embeddings", False),
    ("dtype", "float64"),
    ("dtype", "evil"),
    ("hidden_act", "evil"),
    ("problem_type", 5),
)
DTYPES = ("BOOL", "U8", "I8", "F16", "BF16", "F32", "F64", "I64", "F8_E4M3", "F4", "C64", "x", TRICK)


def spoil(folder: Path, rng: random.Random) -> str:
    """Spoil one thing in a checkpoint, sometimes two; what was done."""
    done = [rng.choices(list(WAYS), list(WAYS.values()))[0](folder, rng)]
    if rng.random() < 0.15:
        done.append(rng.choices(list(WAYS), list(WAYS.values()))[0](folder, rng))
    return ", and ".join(done)


def _json_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.json")) if path.is_file() and not path.is_symlink()]


def _value(folder: Path, rng: random.Random) -> str:
    files = _json_files(folder)
    configs = [path for path in files if path.name != "tokenizer.json"]
    if not files:
        return "nothing: there is no JSON"
    path = rng.choice(configs or files) if rng.random() < 0.8 else rng.choice(files)
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError):
        return _bytes(folder, rng)
    if not isinstance(values, dict):
        return _bytes(folder, rng)
    what = _change(values, rng)
    _replace(path, json.dumps(values).encode())
    return f"{path.name}: {what}"


def _change(values: dict[str, Any], rng: random.Random) -> str:
    if rng.random() < 0.3 or not values:
        key, value = rng.choice(KEYS)
        values[key] = value
        return f"{key} = {str(value)[:40]!r}"
    part: Any = values
    trail: list[Any] = []
    while True:
        key = rng.choice(list(part) if isinstance(part, dict) else range(len(part)))
        trail.append(key)
        if not (isinstance(part[key], dict | list) and part[key] and rng.random() < 0.7):
            break
        part = part[key]
    where = ".".join(map(str, trail))[:60]
    if rng.random() < 0.12:
        del part[key]
        return f"without {where}"
    old = part[key]
    new = [*VALUES, [old], {"x": old}, str(old)]
    if isinstance(old, int | float):
        new += [old * 2, -old, old + 1, old * 10**4]
    part[key] = rng.choice(new)
    return f"{where} = {str(part[key])[:40]!r}"


def _nested(folder: Path, rng: random.Random) -> str:
    path = rng.choice(_json_files(folder) or [folder / "config.json"])
    depth = rng.choice([900, 20_000])
    _replace(path, f'{{"model_type": "bert", "a": {"[" * depth}{"]" * depth}}}'.encode())
    return f"{path.name}: nested {depth} deep"


def _header(folder: Path, rng: random.Random) -> str:
    path = folder / WEIGHTS
    try:
        data = path.read_bytes()
        (n_header,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + n_header])
        name = rng.choice([key for key in header if key != "__metadata__"])
    except (OSError, ValueError, IndexError, struct.error):
        return "nothing: there is no header"
    entry, other = header[name], rng.choice([key for key in header if key != "__metadata__"])
    way = rng.choice(["dtype", "shape", "offsets", "rename", "remove", "swap", "long", "value", "metadata"])
    match way:
        case "dtype":
            entry["dtype"] = rng.choice(DTYPES)
        case "shape":
            shape = entry["shape"]
            entry["shape"] = rng.choice(
                [shape[::-1], [*shape, 1], shape[1:], [10**9, *shape], [-1], [2**64], "x", None]
            )
        case "offsets":
            begin, end = entry["data_offsets"]
            entry["data_offsets"] = rng.choice(
                [[begin, end + 4], [end, begin], [0, 0], [-4, end], [begin, 2**70], [1.5]]
            )
        case "rename":
            header[rng.choice(["x", TRICK, name + ".x", other + "2", "../" + name])] = header.pop(name)
        case "remove":
            del header[name]
        case "swap":
            header[name], header[other] = header[other], header[name]
        case "long":
            header["layer." * 200_000] = header.pop(name)
        case "value":
            header[name] = rng.choice([value for value in VALUES if value != "\ud800"])
        case "metadata":
            header["__metadata__"] = rng.choice([None, [], {"format": "tf"}, {"format": TRICK}, "x", {"a": 1}])
    text = json.dumps(header).encode()
    _replace(path, struct.pack("<Q", len(text)) + text + data[8 + n_header :])
    return f"header: {way} of {name}"


def _bytes(folder: Path, rng: random.Random) -> str:
    path = rng.choice([path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()])
    data = bytearray(path.read_bytes())
    way = rng.choice(["flip", "cut", "add", "length", "blank", "empty", "NaN"])
    span = min(len(data), 2_000) or 1
    match way:
        case "flip" if data:
            for _ in range(rng.choice([1, 3, 20])):
                data[rng.randrange(span)] = rng.randrange(256)
        case "cut":
            del data[rng.randrange(len(data) + 1) :]
        case "add":
            data += rng.randbytes(rng.choice([1, 8, 1000]))
        case "length":
            data[:8] = struct.pack("<Q", rng.choice([0, 1, 2**20, 2**31, 2**63]))
        case "blank" if data:
            start = rng.randrange(span)
            data[start : start + 50] = b" " * 50
        case "empty":
            data.clear()
        case "NaN" if len(data) > 5_000:
            start = rng.randrange(4_000, len(data) - 8)
            data[start : start + 8] = b"\xff" * 8
    _replace(path, bytes(data))
    return f"{path.name}: bytes, {way}"


def _files(folder: Path, rng: random.Random) -> str:
    names = [path.name for path in sorted(folder.iterdir()) if path.name != "README.md"]
    name = rng.choice([*names, "model.safetensors", "config.json", "vocab.txt", "merges.txt", "spiece.model"])
    path, way = folder / name, rng.choice(["FIFO", "folder", "outside", "zero", "away", "circle", "rename", "copy"])
    if way in ("rename", "copy"):
        source = folder / rng.choice(names)
        if source.is_file() and source != path:
            target = path / source.name if path.is_dir() else path
            _replace(target, source.read_bytes()) if way == "copy" else source.rename(path)
        return f"{way} {source.name} to {name}"
    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
    match way:
        case "FIFO":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "outside":
            path.symlink_to(folder.parent / "outside" / name)
        case "zero":
            path.symlink_to("/dev/zero")
        case "circle":
            path.symlink_to(path)
    return f"{name}: {way}"


def _more(folder: Path, rng: random.Random) -> str:
    name, content = rng.choice(
        [
            ("adapter_config.json", '{"base_model_name_or_path": "../outside", "peft_type": "LORA"}'),
            ("generation_config.json", '{"cache_implementation": [1], "max_length": "x"}'),
            ("generation_config.json", "{"),
            ("custom_generate/generate.py", "open('ran', 'w')\ndef generate(**_): ...\n"),
            ("chat_template.jinja", "{{ 1 / 0 }}"),
            ("additional_chat_templates/x.jinja", "{% for"),
            ("model.safetensors.index.json", '{"weight_map": {"a": "../outside/model.safetensors"}}'),
            ("added_tokens.json", '{"x": 99999999, "y": -1}'),
            ("added_tokens.json", "[1]"),
            ("special_tokens_map.json", '{"mask_token": {"content": 5}, "unk_token": [1]}'),
            ("special_tokens_map.json", '{"mask_token": {"content": "<m>", "evil": 1}}'),
            ("tekken.json", "{}"),
            ("tokenizer.model", "x"),
            ("vocab.json", '{"a": -1, "b": 1e3}'),
            ("vocab.txt", "a\nb\n[MASK]\n"),
            ("preprocessor_config.json", '{"size": {"height": 0}}'),
            ("preprocessor_config.json", '{"image_mean": ["x"], "resample": 1e300}'),
        ]
    )
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    if path.is_symlink() or path.is_fifo() or path.is_dir():
        return f"nothing: {name} is no file"
    _replace(path, content.encode())
    return f"with {name}"


def _replace(path: Path, content: bytes) -> None:
    """Not in place: the weights of a mutant are linked to those of the checkpoint it is made from."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


WAYS: dict[Callable[[Path, random.Random], str], int] = {
    _value: 60,
    _header: 14,
    _bytes: 12,
    _files: 8,
    _more: 8,
    _nested: 1,
}


def make(base: Path, place: Path, seed: int) -> str:
    """Write mutant number `seed` of a checkpoint to `place`; what was spoiled."""
    place.mkdir(parents=True)
    for path in base.rglob("*"):
        target = place / path.relative_to(base)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        elif path.name == WEIGHTS:
            os.link(path, target)
        elif path.name != "README.md":
            shutil.copyfile(path, target)
    (place / "evil.py").write_text(f"open({str(place.parent / 'ran')!r}, 'w')\nclass Evil: ...\n")
    return spoil(place, random.Random(seed))
