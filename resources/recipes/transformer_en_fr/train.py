"""Train `transformer-en-fr`, the Transformer of 2017, to translate short English sentences into French.

Architecture, optimiser, schedule, label smoothing and the averaging of the last checkpoints are the paper's (Vaswani et
al. 2017, sections 3 and 5.3 to 6.1); sizes and batches are small enough for one processor. Then
`resources.recipes.transformer_en_fr.report` measures the result and writes the checkpoint.

    python -m resources.recipes.transformer_en_fr.train --data DIR --state STATE
    python -m resources.recipes.transformer_en_fr.report --data DIR --state STATE --out DIR
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from inference.models.transformer import TransformerForTranslation
from inference.models.transformer_layers import TransformerConfig
from resources.recipes.transformer_en_fr.data import (
    IGNORED,
    EncodedPairs,
    PairBatch,
    encode_pairs,
    endless_batches,
    epoch_batches,
    learn_tokenizer,
    load_pairs,
    to_batch,
)

PAIRS = Path("translation") / "en_fr_tatoeba.tsv.xz"
LONGEST = 64  # pieces a side in training; the shipped model reads twice as many
SAVE_EVERY = 180.0  # seconds
VALIDATE_EVERY = 1200.0  # seconds
N_AVERAGED, AVERAGE_EVERY = 5, 250  # the paper averages its last five checkpoints
# Along the training, for those who want to watch: from steps at which nothing is known yet.
KEPT = (50, 100, 200, 400, 800, 1600, 3200, 6400, 12_800)


def build_model(n_pieces: int, seed: int) -> TransformerForTranslation:
    """3 + 3 layers of 256 with 4 heads: 5.5 M parameters, 11.0 MB in half precision."""
    torch.manual_seed(seed)
    config = TransformerConfig(vocab_size=n_pieces)
    # At these lengths plain matrix products beat the fused attention kernel on CPUs.
    return TransformerForTranslation._from_config(config, attn_implementation="eager")


def rate_at(step: int, d_model: int, warm_up: int) -> float:
    """The paper's learning rate (section 5.3) of a step, counted from 1."""
    return d_model**-0.5 * min(step**-0.5, step * warm_up**-1.5)


def loss_of(model: TransformerForTranslation, batch: PairBatch, smoothing: float) -> tuple[Tensor, float]:
    """Cross-entropy with label smoothing, and the share of tokens that are likeliest."""
    hidden = model.model(batch.source, batch.source_mask, batch.written, use_cache=False).last_hidden_state
    is_label = batch.labels != IGNORED
    labels = batch.labels[is_label]
    logits = model.lm_head(hidden[is_label]).float()
    hits = (logits.detach().argmax(-1) == labels).float().mean().item()
    return F.cross_entropy(logits, labels, label_smoothing=smoothing), hits


def prepare(data: Path, state: Path, n_pieces: int, limit: int | None = None) -> tuple[Tokenizer, EncodedPairs]:
    """Tokenizer, kept in the state folder, and the training pairs."""
    state.mkdir(parents=True, exist_ok=True)
    file = state / "tokenizer.json"
    pairs = load_pairs(data / PAIRS, "train", limit)
    if not file.exists():
        learn_tokenizer(pairs, n_pieces).save(str(file))
    tokenizer = Tokenizer.from_file(str(file))
    return tokenizer, encode_pairs(tokenizer, pairs, LONGEST)


@torch.inference_mode()
def validation_loss(model: TransformerForTranslation, data: EncodedPairs) -> float:
    """Mean cross-entropy of a token, in nats."""
    total = n = 0.0
    for indices in epoch_batches(data, 3_000, (0, 0)):
        batch = to_batch(data, indices).to(model.device)
        n_labels = int((batch.labels != IGNORED).sum())
        total += loss_of(model, batch, 0.0)[0].item() * n_labels
        n += n_labels
    return total / n


@torch.inference_mode()
def translate(
    model: TransformerForTranslation, tokenizer: Tokenizer, sources: list[str], n_rows: int = 64, **how: Any
) -> list[str]:
    """Greedily, or as `how` tells `generate`; at most 10 tokens more than one and a half times the source."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(sources)]
    order = sorted(range(len(sources)), key=lambda i: len(encoded[i]))
    found = [""] * len(sources)
    for first in range(0, len(order), n_rows):
        rows = order[first : first + n_rows]
        longest = len(encoded[rows[-1]])
        ids = torch.tensor([encoded[i] + [0] * (longest - len(encoded[i])) for i in rows], device=model.device)
        limit = 10 + longest * 3 // 2
        # Its protocol and its models do not agree for type checkers.
        out = cast("Any", model).generate(inputs=ids, attention_mask=(ids != 0).long(), max_new_tokens=limit, **how)
        texts = tokenizer.decode_batch(out.tolist())
        for i, text in zip(rows, texts, strict=True):
            found[i] = text
    return found


def bleu(found: list[str], references: list[str]) -> float:
    """sacreBLEU with its defaults, one reference a sentence."""
    from sacrebleu import corpus_bleu

    return corpus_bleu(found, [references]).score


class TrainingRun:
    """A training and its folder.

    Attributes
    ----------
    step
        Steps done.
    """

    def __init__(self, model: TransformerForTranslation, folder: Path) -> None:
        self.model = model
        self.folder = folder
        self.optimizer = torch.optim.Adam(model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-9, fused=True)
        self.step = 0
        self.n_tokens = 0
        file = folder / "state.pt"
        if file.exists():
            state = torch.load(file, map_location=model.device, weights_only=True)
            model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.n_tokens = state["step"], state["n_tokens"]

    def save(self) -> None:
        """All that is needed to go on, in one move."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "n_tokens": self.n_tokens,
        }
        _write(state, self.folder / "state.pt")

    def keep(self) -> None:
        """What later steps do not bring back: the last weights for the average, some along the way."""
        if self.step % AVERAGE_EVERY == 0:
            _write(self.model.state_dict(), self.folder / "last" / f"{self.step:06}.pt")
            for old in sorted((self.folder / "last").glob("*.pt"))[:-N_AVERAGED]:
                old.unlink()
        if self.step in KEPT:
            half = {name: value.half() for name, value in self.model.state_dict().items()}
            _write(half, self.folder / "along" / f"{self.step:06}.pt")


def _write(state: dict[str, Any], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".tmp")
    torch.save(state, partial)
    partial.replace(file)


def train(
    run: TrainingRun, data: EncodedPairs, args: argparse.Namespace, validate: Callable[[], dict[str, float | str]]
) -> None:
    """Train until `args.until` steps are done, and log."""
    model = run.model
    device = model.device
    # Processors that have to emulate it are several times slower with it.
    has_bfloat16 = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    source = endless_batches(data, args.batch, args.seed, run.step)
    started = saved_at = validated_at = time.monotonic()
    n_logged, rows = 0, []
    while run.step < args.until:
        model.train()
        torch.manual_seed(args.seed + run.step)  # dropout follows from the number of the step too
        rate = rate_at(run.step + 1, model.config.d_model, args.warm_up)
        run.optimizer.param_groups[0]["lr"] = rate
        batch = next(source).to(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16):
            loss, hits = loss_of(model, batch, args.smoothing)
        loss.backward()
        run.optimizer.step()
        run.optimizer.zero_grad(set_to_none=True)
        run.step += 1
        run.n_tokens += batch.n_tokens
        rows.append((loss.item(), hits))
        n_logged += batch.n_tokens
        now = time.monotonic()
        is_last = run.step == args.until
        if run.step % 50 == 0 or is_last:
            means = np.mean(rows, 0)
            row = {"step": run.step, "loss": round(float(means[0]), 4), "top1": round(float(means[1]), 4)}
            speed = round(n_logged / (now - started))
            print(json.dumps(row | {"rate": round(rate, 7), "tokens_per_s": speed}), flush=True)
            started, n_logged, rows = now, 0, []
        run.keep()
        if now - saved_at > SAVE_EVERY or is_last:
            run.save()
            saved_at = now
        if now - validated_at > VALIDATE_EVERY or is_last:
            model.eval()
            print(json.dumps({"step": run.step, "tokens": run.n_tokens} | validate()), flush=True)
            started += time.monotonic() - now
            validated_at = time.monotonic()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with translation/")
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--until", type=int, default=16_000, help="steps in all")
    parser.add_argument("--batch", type=int, default=3_000, help="tokens of source and target a step")
    parser.add_argument("--pieces", type=int, default=6_000)
    parser.add_argument("--warm-up", type=int, default=2_000)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--smoke", action="store_true", help="a few steps on a few sentences")
    return parser.parse_args()


def main() -> None:
    """Start or go on."""
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.smoke:
        args.until, args.pieces, args.batch = min(args.until, 4), 600, 300
    tokenizer, data = prepare(args.data, args.state, args.pieces, 200 if args.smoke else None)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(tokenizer.get_vocab_size(), args.seed)
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    val = load_pairs(args.data / PAIRS, "val")
    rng = np.random.default_rng(0)
    some = [val[i] for i in rng.permutation(len(val))[: 8 if args.smoke else 1_000]]
    encoded = encode_pairs(tokenizer, some, LONGEST)

    def validate() -> dict[str, float | str]:
        found = translate(model, tokenizer, [pair.source for pair in some[:200]])
        score = bleu(found, [pair.target for pair in some[:200]])
        loss = validation_loss(model, encoded)
        return {
            "val_loss": round(loss, 4),
            "bleu200": round(score, 2),
            "sample": f"{some[0].source} | {found[0]} | {some[0].target}",
        }

    train(TrainingRun(model, args.state), data, args, validate)


if __name__ == "__main__":
    main()
