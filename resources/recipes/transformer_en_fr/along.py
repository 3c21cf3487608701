"""What `transformer-en-fr` looked at while it learned: six stages of its training, from knowing nothing to the end.

Six whole copies of 11 MB would not fit beside the model, so the shipped checkpoint keeps what they showed on a few
sentences (`along/`: patterns of the attention to the source, figures and translations); whole copies are written on
demand, each a checkpoint that can be opened.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from inference.checkpoints.training_stages import PATTERNS, TOLD, KeptStage
from inference.models.transformer import TransformerForTranslation
from resources.recipes.transformer_en_fr.data import START, EncodedPairs, Pair
from resources.recipes.transformer_en_fr.train import bleu, build_model, translate, validation_loss

N_STAGES = 6
# Word order alike, an adjective that changes places, a negation in two words, a verb with its auxiliary.
SENTENCES = (
    Pair("The cat sleeps on the old chair.", "Le chat dort sur la vieille chaise."),
    Pair("I don't know where she lives.", "Je ne sais pas où elle habite."),
    Pair("He bought a red car and a black dog.", "Il a acheté une voiture rouge et un chien noir."),
    Pair("We saw a white house near the river.", "Nous avons vu une maison blanche près de la rivière."),
    Pair("My sister has never eaten fish.", "Ma sœur n'a jamais mangé de poisson."),
    Pair("Do you think it's going to rain tomorrow?", "Penses-tu qu'il va pleuvoir demain ?"),
    Pair("They arrived late because the train was late.", "Ils sont arrivés tard parce que le train était en retard."),
    Pair("She gave it to me yesterday.", "Elle me l'a donné hier."),
)


def stages(state: Path, n_pieces: int, seed: int, final: TransformerForTranslation) -> dict[int, dict[str, Tensor]]:
    """Weights by step: untrained, some that were kept along the way, and the final ones."""
    files = sorted((state / "along").glob("*.pt"))
    last = int(torch.load(state / "state.pt", weights_only=True, mmap=True)["step"])
    found: dict[int, Path | None] = {0: None} | {int(file.stem): file for file in files} | {last: None}
    steps = sorted(found)
    chosen = [steps[i] for i in np.unique(np.linspace(0, len(steps) - 1, N_STAGES).round().astype(int))]
    weights: dict[int, dict[str, Tensor]] = {}
    for step in chosen:
        file = found[step]
        if file is not None:
            weights[step] = torch.load(file, weights_only=True)
        else:
            weights[step] = (final if step else build_model(n_pieces, seed)).state_dict()
    return weights


def diagonal_share(pattern: Tensor) -> Tensor:
    """[...] of patterns [..., query_pos, key_pos]: attention within one place of the diagonal, a mean over queries."""
    n_queries, n_keys = pattern.shape[-2:]
    place = torch.arange(n_queries)[:, None] * ((n_keys - 1) / max(1, n_queries - 1))
    near = (torch.arange(n_keys) - place).abs() <= 1
    return (pattern * near).sum(-1).mean(-1)


@torch.inference_mode()
def cross_patterns(model: TransformerForTranslation, tokenizer: Tokenizer, pair: Pair) -> Tensor:
    """float32 [layer, head, query_pos, key_pos] of a sentence and its given translation."""
    source = torch.tensor([tokenizer.encode(pair.source).ids])
    written = torch.tensor([[START, *tokenizer.encode(pair.target).ids[:-1]]])
    found = model.model(source, None, written, use_cache=False, output_attentions=True)
    return torch.cat([pattern for pattern in found.cross_attentions or () if pattern is not None])


def look(
    model: TransformerForTranslation, tokenizer: Tokenizer, step: int, val: list[Pair], encoded: EncodedPairs
) -> tuple[KeptStage, list[Tensor]]:
    """A stage and its patterns of every sentence."""
    patterns = [cross_patterns(model, tokenizer, pair) for pair in SENTENCES]
    share = torch.stack([diagonal_share(pattern) for pattern in patterns]).mean(0)
    score = bleu(translate(model, tokenizer, [pair.source for pair in val]), [pair.target for pair in val])
    stage = KeptStage(
        step=step,
        loss=round(validation_loss(model, encoded), 3),
        bleu=round(score, 1),
        on_diagonal=share.numpy(),
        translations=tuple(translate(model, tokenizer, [pair.source for pair in SENTENCES])),
    )
    return stage, patterns


def write_along(folder: Path, tokenizer: Tokenizer, found: list[tuple[KeptStage, list[Tensor]]]) -> None:
    """`patterns.safetensors`, float16 [layer, head, query_pos, key_pos] by `step/sentence`, and `along.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{stage.step}/{i}": pattern.half().contiguous()
        for stage, patterns in found
        for i, pattern in enumerate(patterns)
    }
    save_file(tensors, folder / PATTERNS)
    sentences = [
        {
            "source": pair.source,
            "target": pair.target,
            "source_tokens": tokenizer.encode(pair.source).tokens,
            "target_tokens": tokenizer.encode(pair.target).tokens,
        }
        for pair in SENTENCES
    ]
    shares = [[[round(value, 3) for value in row] for row in stage.on_diagonal.tolist()] for stage, _ in found]
    kept = [asdict(stage) | {"on_diagonal": share} for (stage, _), share in zip(found, shares, strict=True)]
    told = {"sentences": sentences, "stages": kept}
    (folder / TOLD).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
