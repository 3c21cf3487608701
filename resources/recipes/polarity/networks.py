"""Networks with a head for classes: a BERT that reads it at [CLS], a GPT that reads it at the last token.

References
----------
Devlin et al. 2019, "BERT", sections 4.1 and A.3; Radford et al. 2018, "Improving Language Understanding by Generative
Pre-Training", section 3.2; Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    GPT2ForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.pytorch_utils import Conv1D

from inference.checkpoints.adapters import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from resources import checkpoint_path
from resources.recipes.polarity.data import LABELS

RANK, ALPHA = 16, 32
LAMBDA = 0.5  # of the language model's loss, for a GPT (Radford et al. 2018, section 4.1)
DROPOUT = 0.1
LONGEST = 96  # tokens; longer sentences are cut


class LowRank(nn.Module):
    """A linear layer that is kept as it is, and what is learned beside it: W x + b + ALPHA / RANK · B A x."""

    def __init__(self, kept: nn.Linear | Conv1D) -> None:
        super().__init__()
        self.kept = kept.requires_grad_(requires_grad=False)
        n_out, n_in = kept.weight.shape if isinstance(kept, nn.Linear) else kept.weight.shape[::-1]
        self.lora_A = nn.Parameter(torch.randn(RANK, n_in) / math.sqrt(n_in))
        self.lora_B = nn.Parameter(torch.zeros(n_out, RANK))

    def forward(self, x: Tensor) -> Tensor:
        """What the layer gives, and what was learned beside it."""
        return self.kept(x) + (ALPHA / RANK) * (x @ self.lora_A.T) @ self.lora_B.T


def build(base: str, *, is_pretrained: bool = True, seed: int = 0) -> PreTrainedModel:
    """The base with a new head; with random weights throughout unless it is to be pre-trained."""
    torch.manual_seed(seed)
    labels: dict[int, str] = dict(enumerate(LABELS))
    config = AutoConfig.from_pretrained(
        checkpoint_path(base), id2label=labels, label2id={name: number for number, name in labels.items()}
    )
    config.num_labels = len(labels)
    auto = AutoModelForSequenceClassification
    if is_pretrained:
        net = auto.from_pretrained(checkpoint_path(base), config=config, dtype=torch.float32)
    else:
        config.dtype = torch.float32
        net = auto.from_config(config)
    for module in net.modules():  # small ones were pre-trained without: little is read twice there, all of it here
        if isinstance(module, nn.Dropout):
            module.p = DROPOUT
    return net


def add_low_rank(net: PreTrainedModel) -> None:
    """Freeze all but what lies behind the last layer; every matrix of a layer may change by RANK."""
    blocks = next(module for module in net.base_model.modules() if isinstance(module, nn.ModuleList))
    frozen = [net.get_input_embeddings(), *(m for n, m in net.base_model.named_children() if n != "pooler")]
    for module in frozen:
        cast("nn.Module", module).requires_grad_(requires_grad=False)
    for module in list(blocks.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear | Conv1D) and not isinstance(module, LowRank):
                setattr(module, name, LowRank(child))


def load_tokenizer(base: str) -> PreTrainedTokenizerFast:
    """That of the base."""
    return PreTrainedTokenizerFast.from_pretrained(checkpoint_path(base))


def encoded(texts: tuple[str, ...], tokenizer: PreTrainedTokenizerFast) -> list[list[int]]:
    """Ids, with what the tokenizer puts around a text."""
    return cast("Any", tokenizer)(list(texts), truncation=True, max_length=LONGEST)["input_ids"]


def padded(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """int64 [row, pos] filled up with 0, and 1 where there is a token."""
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
    return ids, (torch.arange(longest)[None] < torch.tensor([len(row) for row in rows])[:, None]).long()


def logits_and_loss(net: PreTrainedModel, ids: Tensor, mask: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [row, class], and what is made small: L2 of a BERT, L2 + LAMBDA · L1 of a GPT.

    L2 is the cross-entropy of the labels in nats, L1 that of every token behind those before it.
    """
    if not isinstance(net, GPT2ForSequenceClassification):
        logits = cast("Any", net)(input_ids=ids, attention_mask=mask).logits
        return logits, F.cross_entropy(logits, labels)
    hidden = net.transformer(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    last = mask.sum(1) - 1
    logits = net.score(hidden[torch.arange(len(ids)), last])
    # The head of the language model is its embedding, transposed.
    following = hidden[:, :-1] @ net.get_input_embeddings().weight.T
    wanted = ids[:, 1:].masked_fill(mask[:, 1:] == 0, -100)
    loss = F.cross_entropy(following.flatten(0, 1), wanted.flatten(), ignore_index=-100)
    return logits, F.cross_entropy(logits, labels) + LAMBDA * loss


def save_adapter(net: PreTrainedModel, base: str, folder: Path) -> None:
    """Write what was learned beside a base, in half precision and in the layout of PEFT."""
    learned = {name: p for name, p in net.named_parameters() if p.requires_grad}
    paths = {name: f"base_model.model.{name}{'.weight' if '.lora_' in name else ''}" for name in learned}
    folder.mkdir(parents=True, exist_ok=True)
    stored = {paths[name]: p.detach().half().contiguous() for name, p in learned.items()}
    save_file(stored, folder / ADAPTER_WEIGHTS)
    whole = {name.removeprefix(f"{net.base_model_prefix}.").split(".")[0] for name in learned if ".lora_" not in name}
    says = {
        "peft_type": "LORA",
        "task_type": "SEQ_CLS",
        "base_model_name_or_path": base,
        "r": RANK,
        "lora_alpha": ALPHA,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": isinstance(net, GPT2ForSequenceClassification),
        "target_modules": [name for name, module in net.named_modules() if isinstance(module, LowRank)],
        "modules_to_save": sorted(whole),
        "inference_mode": True,
        "id2label": {str(number): label for number, label in enumerate(LABELS)},
    }
    (folder / ADAPTER_CONFIG).write_text(json.dumps(says, indent=2) + "\n", encoding="utf-8")
