"""Train `gpt-mini`, or go on with it.

    python -m resources.recipes.gpt_mini.train --data DIR --state STATE --tokens 200e6
    python -m resources.recipes.gpt_mini.train --data DIR --state STATE --cool-down 2e6

The rate rises over the first steps and then stays, so that a run can be given more time on any day. `--cool-down` takes
what there is, lets the rate fall to nothing over so many tokens, and writes `cooled.pt`; `state.pt` stays as it was,
and the run goes on from there. What each token buys:

* rows of one exact length, so that nothing is spent on filling up, and little on attention;
* embeddings start from a factorised co-occurrence matrix instead of noise;
* matrices are trained with Muon (Jordan et al. 2024), the rest with AdamW.

References
----------
Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3; Hägele et al. 2024, "Scaling
Laws and Compute-Optimal Training Beyond Fixed Training Durations", section 3 (constant rate and cool-down).
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from resources.recipes.gpt_mini.data import END, EncodedTexts, Rows, prepare
from resources.recipes.gpt_mini.tasks import TASK_SHARES, task_rows, task_share
from resources.recipes.muon import Muon

N_CTX = 256
SAVE_EVERY = 180.0  # seconds
LOG_EVERY = 25


def build_model(n_tokens: int, seed: int) -> GPT2LMHeadModel:
    """4 layers of 192 with 6 heads: 3.0 M parameters, which 30 M tokens serve better than twice as many would."""
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=n_tokens,
        n_positions=N_CTX,
        n_embd=192,
        n_layer=4,
        n_head=6,
        activation_function="gelu_pytorch_tanh",  # the same function as GPT-2's "gelu_new", in one step
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=END,
        eos_token_id=END,
    )
    return GPT2LMHeadModel._from_config(config, attn_implementation="sdpa")


def cooccurrence_embeddings(train: dict[str, EncodedTexts], n_tokens: int, d_model: int) -> Tensor:
    """Shifted-PPMI matrix of tokens within four places of each other, factorised to `d_model`.

    Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization".
    """
    counts = np.zeros(n_tokens * n_tokens, dtype=np.float32)
    for data in train.values():
        ids = data.ids.astype(np.int64)
        for distance in range(1, 5):
            pairs = ids[:-distance] * n_tokens + ids[distance:]
            counts += np.bincount(pairs, minlength=n_tokens**2).astype(np.float32) / distance
    table = torch.from_numpy(counts).view(n_tokens, n_tokens)
    table = table + table.T
    total, row = table.sum(), table.sum(1, keepdim=True).clamp_min(1e-6)
    column = row.T**0.75
    ppmi = (table * total / (row * column * (total / column.sum()))).log().clamp_min(0).nan_to_num_(0, 0, 0)
    u, s, _ = torch.svd_lowrank(ppmi, q=d_model, niter=4)
    vectors = u * s.sqrt()
    vectors = vectors - vectors.mean(0)
    return vectors / vectors.std(1, keepdim=True).clamp_min(1e-3) * 0.04


def row_losses(model: GPT2LMHeadModel, rows: Tensor) -> Tensor:
    """Nats of every token but the first of each row, [row * position]."""
    hidden = model.transformer(rows[:, :-1], use_cache=False).last_hidden_state
    logits = model.lm_head(hidden).float().flatten(0, 1)
    return F.cross_entropy(logits, rows[:, 1:].flatten(), reduction="none")


def optimizers(model: GPT2LMHeadModel, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms and biases."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and ".h." in name]
    known = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in known]
    return [
        Muon(matrices, rate, weight_decay=0.05),
        torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True),
    ]


class GptRun:
    """A training and its files.

    Attributes
    ----------
    step, n_tokens
        Done so far.
    cooled
        Tokens of the cool-down that are done; 0 while the rate is constant.
    """

    def __init__(self, model: GPT2LMHeadModel, file: Path, rate: float, start: Path | None = None) -> None:
        self.model, self.file = model, file
        self.optimizers = optimizers(model, rate)
        self.step = self.n_tokens = self.cooled = 0
        found = file if file.exists() else start
        if found is not None and found.exists():
            state = torch.load(found, map_location=model.device, weights_only=True)
            model.load_state_dict(state["model"])
            for optimizer, saved in zip(self.optimizers, state["optimizers"], strict=True):
                optimizer.load_state_dict(saved)
            self.step, self.n_tokens, self.cooled = state["step"], state["n_tokens"], state["cooled"]

    def save(self, file: Path | None = None) -> None:
        """All that is needed to go on, in one move."""
        file = file or self.file
        partial = file.with_suffix(".tmp")
        state = {
            "model": self.model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "step": self.step,
            "n_tokens": self.n_tokens,
            "cooled": self.cooled,
        }
        torch.save(state, partial)
        partial.replace(file)


def rate_factor(step: int, warm_up: int, cooled: float = 0.0) -> float:
    """Share of the rate: linear warm-up, constant, and 1 - sqrt of the share of the cool-down that is done."""
    return min(1.0, (step + 1) / warm_up) * (1.0 - min(1.0, cooled) ** 0.5)


def train(run: GptRun, data: dict[str, EncodedTexts], tokenizer: Tokenizer, args: argparse.Namespace) -> None:
    """Train until there were `args.tokens`, or until the cool-down is done."""
    model = run.model
    device = model.device
    # Processors that have to emulate it are several times slower with it.
    has_bfloat16 = device.type == "cuda" or bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    tasks = task_rows(data, tokenizer, np.random.default_rng((args.seed, run.step, 1)))
    rows = Rows(data, args.batch, N_CTX, (args.seed, run.step), tasks)
    losses: list[float] = []
    n_logged, started, saved_at = 0, time.monotonic(), time.monotonic()
    model.train()
    while run.cooled < args.cool_down if args.cool_down else run.n_tokens < args.tokens:
        factor = rate_factor(run.step, args.warm_up, run.cooled / args.cool_down if args.cool_down else 0.0)
        for optimizer in run.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = args.rate * factor
        share = task_share(TASK_SHARES[-1][0] if args.smoke else run.n_tokens)
        parts = [part.to(device) for part in rows.batch(round(share * args.batch))]
        n_tokens = sum(part[:, 1:].numel() for part in parts)
        for part in parts:
            with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16):
                loss = row_losses(model, part).sum() / n_tokens
            loss.backward()
            losses.append(loss.item())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in run.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        run.step += 1
        run.n_tokens += n_tokens
        run.cooled += n_tokens if args.cool_down else 0
        n_logged += n_tokens
        now = time.monotonic()
        if run.step % LOG_EVERY == 0:
            # The parts of a step are shares of one mean.
            row = {"step": run.step, "tokens": run.n_tokens, "loss": round(sum(losses) / LOG_EVERY, 4)}
            row |= {"rate": round(args.rate * factor, 6), "tokens_per_s": round(n_logged / (now - started))}
            print(json.dumps(row | {"at": time.strftime("%d %H:%M:%S")}), flush=True)
            losses, n_logged, started = [], 0, now
        if now - saved_at > SAVE_EVERY:
            run.save()
            saved_at = now
    run.save()


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with text/ and translation/")
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--tokens", type=float, default=100e6, help="in all, at a constant rate")
    parser.add_argument("--cool-down", type=float, help="let the rate fall over so many tokens, beside the run")
    parser.add_argument("--batch", type=int, default=4096, help="tokens a step")
    parser.add_argument("--pieces", type=int, default=6000, help="tokens of the vocabulary")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--warm-up", type=int, default=50, help="steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of torch; all processors if not given")
    parser.add_argument("--smoke", action="store_true", help="a few steps on a few texts")
    return parser.parse_args()


def main() -> None:
    """Start or go on."""
    args = arguments()
    if args.threads:
        torch.set_num_threads(args.threads)
    if args.smoke:
        args.tokens, args.pieces, args.batch = 3_000, 600, 1_000
        args.cool_down = min(args.cool_down, 2_000) if args.cool_down else None
    tokenizer, data = prepare(args.data, args.state, args.pieces, 100 if args.smoke else None)
    n_tokens = tokenizer.get_vocab_size()
    model = build_model(n_tokens, args.seed)
    state, cooling = args.state / "state.pt", args.state / "cooling.pt"
    if not state.exists():
        model.transformer.wte.weight.data[:] = cooccurrence_embeddings(data, n_tokens, model.config.n_embd)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    if not args.cool_down:
        train(GptRun(model, state, args.rate), data, tokenizer, args)
        return
    run = GptRun(model, cooling, args.rate, start=state)
    train(run, data, tokenizer, args)
    cooling.replace(args.state / "cooled.pt")


if __name__ == "__main__":
    main()
