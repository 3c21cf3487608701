"""Train `bert-mini`: a small BERT that really fills masks and judges next sentences.

    python -m resources.recipes.bert_mini --data DIR --state DIR --tokens 24e6

A run saves its state every few minutes and goes on from there when started again, so it can be
stretched over days or given a larger `--tokens` later. What each token buys:

* batches of sequences of one exact length, so that nothing is spent on padding;
* the vocabulary's logits are computed at the masked positions only;
* word embeddings start from a factorised co-occurrence matrix (Levy and Goldberg 2014) instead of noise;
* matrices are trained with Muon (Jordan et al. 2024), the rest with AdamW; constant rate, linear decay at the end;
* simple sentences weigh most, pairs for next-sentence prediction come from stories, books and news.

References
----------
Devlin et al. 2019, "BERT", sections 3.1 (masking 80/10/10, next sentence) and A.2.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import BertWordPieceTokenizer, Tokenizer
from torch.nn import functional as F
from transformers import BertConfig, BertForPreTraining

from resources.recipes.corpus import Corpus, load_corpus

PAD, UNK, CLS, SEP, MASK = range(5)
SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_SINGLE, MAX_SHORT, MAX_PAIR = 48, 64, 128
IGNORED = -100
NEXT_WEIGHT = 2.0  # one answer a pair against dozens of masked words: it needs a louder voice

# Share of the trained tokens that each source gives; sentence sources first, pairs below.
MIX = {
    "tatoeba": 0.26,
    "common_voice": 0.08,
    "captions": 0.06,
    "stories": 0.20,
    "books": 0.18,
    "news": 0.22,
}


@dataclass(frozen=True)
class EncodedCorpus:
    """Sentences as ids: `ids[offsets[i]:offsets[i + 1]]` is sentence i; `doc[i]` its document."""

    ids: np.ndarray
    offsets: np.ndarray
    doc: np.ndarray

    def __len__(self) -> int:
        return len(self.doc)

    def sentence(self, index: int) -> np.ndarray:
        return self.ids[self.offsets[index] : self.offsets[index + 1]]


def train_tokenizer(corpus: Corpus, n_pieces: int) -> BertWordPieceTokenizer:
    """Learn lower-case WordPiece; simple sentences count three times so that their words are whole."""
    tokenizer = BertWordPieceTokenizer(lowercase=True)
    by_source = corpus.all_sentences()
    texts = (s for name, ss in by_source.items() for s in ss * (3 if name in corpus.sentences else 1))
    tokenizer.train_from_iterator(
        texts, vocab_size=n_pieces, min_frequency=2, special_tokens=SPECIALS, show_progress=False
    )
    return tokenizer


def encode(tokenizer: BertWordPieceTokenizer | Tokenizer, documents: list[list[str]]) -> EncodedCorpus:
    """Encode documents sentence by sentence; single sentences are documents of one."""
    texts = [s for doc in documents for s in doc]
    rows = []
    for start in range(0, len(texts), 20_000):
        batch = tokenizer.encode_batch(texts[start : start + 20_000], add_special_tokens=False)
        rows += [np.array(e.ids, dtype=np.uint16) for e in batch]
    doc = np.repeat(np.arange(len(documents)), [len(d) for d in documents])
    return EncodedCorpus(np.concatenate(rows), np.cumsum([0, *map(len, rows)]), doc)


def encode_corpus(tokenizer: BertWordPieceTokenizer | Tokenizer, corpus: Corpus) -> dict[str, EncodedCorpus]:
    """Encode every source of a split."""
    singles = {name: encode(tokenizer, [[s] for s in ss]) for name, ss in corpus.sentences.items()}
    return singles | {name: encode(tokenizer, docs) for name, docs in corpus.documents.items()}


@dataclass(frozen=True)
class Example:
    """`[CLS] a [SEP]` or `[CLS] a [SEP] b [SEP]`; `is_random` as BERT's label (None: no pair)."""

    ids: np.ndarray
    second_starts: int
    is_random: int | None


def single_examples(data: EncodedCorpus, rng: np.random.Generator) -> Iterator[Example]:
    """Endless single sentences, each epoch in a fresh order."""
    while True:
        for index in rng.permutation(len(data)):
            ids = data.sentence(index)[:MAX_SINGLE]
            if len(ids) > 1:
                yield Example(np.concatenate([[CLS], ids, [SEP]]), len(ids) + 2, None)


def passage(data: EncodedCorpus, index: int, room: int, *, backwards: bool) -> np.ndarray:
    """Sentence `index` with as many of its neighbours before (or behind) it as fit into `room` pieces."""
    step, parts, length = (-1 if backwards else 1), [data.sentence(index)], 0
    while True:
        length += len(parts[-1])
        index += step
        if length >= room or not 0 <= index < len(data) or data.doc[index] != data.doc[index - step]:
            break
        parts.append(data.sentence(index))
    ids = np.concatenate(parts[::step])
    return ids[-room:] if backwards else ids[:room]


def pair_examples(data: EncodedCorpus, sources: list[EncodedCorpus], rng: np.random.Generator) -> Iterator[Example]:
    """Endless pairs: half of them consecutive, half with B from another document.

    Of the random ones half come from the same source, which leaves only the topic to go by, and half from any of
    `sources`, where the manner of writing helps; without these the model takes far longer to compare the two sides.

    Half of the pairs are single sentences, as one types them; half are passages that fill what positions there are,
    as BERT's were: names that come again teach the model to compare the two sides.
    """
    while True:
        for index in rng.permutation(len(data) - 1):
            if data.doc[index] != data.doc[index + 1]:
                continue
            is_random = int(rng.random() < 0.5)
            other = sources[rng.integers(len(sources))] if is_random and rng.random() < 0.5 else data
            follower = int(rng.integers(len(other))) if is_random else index + 1
            if is_random and other is data and data.doc[follower] == data.doc[index]:
                continue
            if rng.random() < 0.5:
                room = (MAX_SHORT - 3) // 2
                first, second = data.sentence(index)[-room:], other.sentence(follower)[:room]
            else:
                room = (MAX_PAIR - 3) // 2
                first = passage(data, index, room, backwards=True)
                second = passage(other, follower, room, backwards=False)
            if len(first) < 2 or len(second) < 2:
                continue
            ids = np.concatenate([[CLS], first, [SEP], second, [SEP]])
            yield Example(ids, len(first) + 2, is_random)


@dataclass(frozen=True)
class Batch:
    """Sequences of one length: `ids`, `types`, `labels` int64 [n, length]; `is_random` [n] or None."""

    ids: torch.Tensor
    types: torch.Tensor
    labels: torch.Tensor
    is_random: torch.Tensor | None

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        is_random = None if self.is_random is None else self.is_random.to(device)
        return Batch(self.ids.to(device), self.types.to(device), self.labels.to(device), is_random)


def mask_tokens(ids: np.ndarray, rate: float, n_pieces: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Choose `rate` of the pieces (at least one a row): 80 % [MASK], 10 % random, 10 % kept."""
    score = rng.random(ids.shape)
    score[(ids == CLS) | (ids == SEP)] = 2.0
    chosen = score < rate
    chosen[np.arange(len(ids)), score.argmin(1)] = True
    labels = np.where(chosen, ids, IGNORED)
    dice = rng.random(ids.shape)
    masked = np.where(chosen & (dice < 0.8), MASK, ids)
    random_ids = rng.integers(len(SPECIALS), n_pieces, ids.shape)
    return np.where(chosen & (dice >= 0.9), random_ids, masked), labels


def batches(train: dict[str, EncodedCorpus], seed: int, n_tokens: int, rate: float, n_pieces: int) -> Iterator[Batch]:
    """Endless batches of about `n_tokens` tokens; examples wait in buckets of their exact length."""
    rng = np.random.default_rng(seed)
    with_documents = [data for data in train.values() if len(data) > int(data.doc[-1]) + 1]
    makers = {
        name: pair_examples(data, with_documents, rng)
        if any(data is other for other in with_documents)
        else single_examples(data, rng)
        for name, data in train.items()
    }
    names = list(makers)
    seen = dict.fromkeys(names, 1.0)
    buckets: dict[tuple[int, bool], list[Example]] = {}
    while True:
        name = min(names, key=lambda n: seen[n] / MIX[n])
        example = next(makers[name])
        seen[name] += len(example.ids)
        key = (len(example.ids), example.is_random is not None)
        bucket = buckets.setdefault(key, [])
        bucket.append(example)
        if len(bucket) * key[0] < n_tokens:
            continue
        del buckets[key]
        ids = np.stack([e.ids for e in bucket]).astype(np.int64)
        types = (np.arange(key[0]) >= np.array([e.second_starts for e in bucket])[:, None]).astype(np.int64)
        masked, labels = mask_tokens(ids, rate, n_pieces, rng)
        is_random = torch.tensor([e.is_random for e in bucket]) if key[1] else None
        yield Batch(torch.from_numpy(masked), torch.from_numpy(types), torch.from_numpy(labels), is_random)


def cooccurrence_embeddings(train: dict[str, EncodedCorpus], n_pieces: int, d_model: int) -> torch.Tensor:
    """Shifted-PPMI matrix of pieces within four places of each other, factorised to `d_model`.

    Levy and Goldberg 2014, "Neural word embedding as implicit matrix factorization".
    """
    counts = np.zeros(n_pieces * n_pieces, dtype=np.float32)
    for data in train.values():
        owner = np.repeat(np.arange(len(data)), np.diff(data.offsets))
        ids = data.ids.astype(np.int64)
        for distance in range(1, 5):
            inside = owner[distance:] == owner[:-distance]
            pairs = ids[:-distance][inside] * n_pieces + ids[distance:][inside]
            counts += np.bincount(pairs, minlength=n_pieces**2).astype(np.float32) / distance
    table = torch.from_numpy(counts).view(n_pieces, n_pieces)
    table = table + table.T
    total, row = table.sum(), table.sum(1, keepdim=True).clamp_min(1e-6)
    column = row.T**0.75
    ppmi = (table * total / (row * column * (total / column.sum()))).log().clamp_min(0).nan_to_num_(0, 0, 0)
    u, s, _ = torch.svd_lowrank(ppmi, q=d_model, niter=4)
    vectors = u * s.sqrt()
    vectors = vectors - vectors.mean(0)
    vectors = vectors / vectors.std(1, keepdim=True).clamp_min(1e-3)
    return vectors * 0.04


def build_model(n_pieces: int, seed: int) -> BertForPreTraining:
    """4 layers of 256 with 8 heads: 5.4 M parameters, 10.9 MB in half precision."""
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=n_pieces,
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=8,
        intermediate_size=1024,
        max_position_embeddings=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        pad_token_id=PAD,
    )
    # At these lengths plain matrix products beat the fused attention kernel on CPUs (0.9 against 1.5 s a step).
    return BertForPreTraining._from_config(config, attn_implementation="eager")


def loss_of(model: BertForPreTraining, batch: Batch) -> tuple[torch.Tensor, float, float]:
    """Masked-word loss plus next-sentence loss; also the share of masked words and pairs it got right."""
    hidden, pooled = model.bert(batch.ids, token_type_ids=batch.types, return_dict=False)
    where = batch.labels != IGNORED
    logits = model.cls.predictions(hidden[where]).float()
    targets = batch.labels[where]
    loss = F.cross_entropy(logits, targets)
    hits = (logits.argmax(-1) == targets).float().mean().item()
    if batch.is_random is None:
        return loss, hits, float("nan")
    nsp = model.cls.seq_relationship(pooled).float()
    nsp_hits = (nsp.argmax(-1) == batch.is_random).float().mean().item()
    return loss + NEXT_WEIGHT * F.cross_entropy(nsp, batch.is_random), hits, nsp_hits


def optimizers(model: BertForPreTraining, rate: float) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for embeddings, norms, biases and heads."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and ".encoder." in n]
    ids = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in ids]
    return [
        torch.optim.Muon(matrices, lr=rate, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=rate, betas=(0.9, 0.98), weight_decay=0.01),
    ]


def rate_factor(done: float, total: float, warm_up: float = 400e3, decay: float = 0.3) -> float:
    """Trapezoid: linear warm-up, constant, linear to 2 % over the last `decay` of the tokens."""
    left = (total - done) / (decay * total)
    return min(1.0, (done + 4096) / warm_up, max(0.02, left))


def train(args: argparse.Namespace) -> None:
    """Run or go on with a training; writes `<state>/state.pt` and finally `<state>/model`."""
    state_dir: Path = args.state
    state_dir.mkdir(parents=True, exist_ok=True)
    tokenizer, data = prepare(args.data, state_dir, args.pieces, 300 if args.smoke else None)
    n_pieces = tokenizer.get_vocab_size()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model = build_model(n_pieces, args.seed)
    done, step = 0, 0
    state_file = state_dir / "state.pt"
    state = torch.load(state_file, weights_only=True) if state_file.exists() else None
    if state is None:
        model.bert.embeddings.word_embeddings.weight.data[:] = cooccurrence_embeddings(data, n_pieces, 256)
    model.to(device).train()  # type: ignore[arg-type]  # a decorator of transformers hides the types
    opts = optimizers(model, args.rate)
    if state is not None:
        model.load_state_dict(state["model"])
        for opt, saved in zip(opts, state["optimizers"], strict=True):
            opt.load_state_dict(saved)
        done, step = state["done"], state["step"]
    source = batches(data, args.seed + step, args.batch, args.mask_rate, n_pieces)
    hits, nsp_hits, losses = [], [], []
    started = saved_at = time.monotonic()
    first_done = done

    def save() -> None:
        torch.save(
            {"model": model.state_dict(), "optimizers": [o.state_dict() for o in opts], "done": done, "step": step},
            state_file.with_suffix(".tmp"),
        )
        state_file.with_suffix(".tmp").replace(state_file)

    while done < args.tokens:
        batch = next(source)
        factor = rate_factor(done, args.tokens)
        for opt in opts:
            for group in opt.param_groups:
                group["lr"] = args.rate * factor
        with torch.autocast(device.type, torch.bfloat16):
            loss, hit, nsp_hit = loss_of(model, batch.to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        done, step = done + batch.ids.numel(), step + 1
        losses.append(loss.item())
        hits.append(hit)
        if nsp_hit == nsp_hit:
            nsp_hits.append(nsp_hit)
        if step % 50 == 0:
            speed = (done - first_done) / (time.monotonic() - started)
            row = {
                "step": step,
                "tokens": done,
                "loss": np.mean(losses),
                "top1": np.mean(hits),
                "nsp": np.mean(nsp_hits) if nsp_hits else None,
                "rate": args.rate * factor,
                "tokens_per_s": speed,
            }
            print(json.dumps({k: round(float(v), 5) for k, v in row.items() if v is not None}), flush=True)
            hits, nsp_hits, losses = [], [], []
        if time.monotonic() - saved_at > 180:
            save()
            saved_at = time.monotonic()
    save()
    model.cpu().save_pretrained(state_dir / "model")


def prepare(
    data: Path, state_dir: Path, n_pieces: int, limit: int | None
) -> tuple[BertWordPieceTokenizer, dict[str, EncodedCorpus]]:
    """Tokenizer and encoded training text, kept in the state folder."""
    vocabulary, cache = state_dir / "vocab.txt", state_dir / "train.npz"
    if not cache.exists():
        corpus = load_corpus(data, "train", limit=limit)
        tokenizer = train_tokenizer(corpus, n_pieces)
        tokenizer.save_model(str(state_dir))
        encoded = encode_corpus(tokenizer, corpus)
        np.savez(cache, **{f"{n}.{k}": v for n, e in encoded.items() for k, v in vars(e).items()})
    tokenizer = BertWordPieceTokenizer(str(vocabulary), lowercase=True)
    with np.load(cache) as stored:
        return tokenizer, {n: EncodedCorpus(*(stored[f"{n}.{k}"] for k in ("ids", "offsets", "doc"))) for n in MIX}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with text/")
    parser.add_argument("--state", type=Path, required=True, help="where the run keeps its state")
    parser.add_argument("--tokens", type=float, default=24e6)
    parser.add_argument("--batch", type=int, default=4096, help="tokens a step")
    parser.add_argument("--pieces", type=int, default=8192)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--mask-rate", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a few steps on a few sentences")
    args = parser.parse_args()
    if args.smoke:
        args.tokens, args.pieces = 20_000, 1000
    train(args)


if __name__ == "__main__":
    main()
