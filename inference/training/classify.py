"""Fine-tuning: the open text checkpoint learns to tell the labels of a table, beside what simpler methods can do."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AutoModelForSequenceClassification

from inference.checkpoints.inspection import plan
from inference.context import Refused
from inference.files.tokenizer_files import load_tokenizer
from inference.results.checkpoint import split_precision
from inference.training.task import TrainingTask
from inference.training.texts import held_out_fifth, read_table
from inference.training.watched import fact, most_tokens, names_of, patterns_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from inference.results.training import TrainingRequest

_LORA_RANK = 8
_MOST_VALIDATED = 1_000


class ClassifyTask(TrainingTask):
    """A checkpoint with a new head for classes; accuracy on a fifth of the texts that was held out."""

    measure = "accuracy on the held-out fifth"

    def __init__(self, request: TrainingRequest, device: torch.device) -> None:
        if not request.data.path:
            raise Refused("A CSV with the columns text and label is needed.")
        texts, labels = read_table(request.data.path)
        classes = sorted(set(labels))
        answers = [classes.index(label) for label in labels]
        is_held_out = held_out_fifth(texts)
        self._plan = request.plan
        self.tokenizer, self.net = _open(request, classes)
        if request.tuned == "lora":
            self.net = _with_lora(self.net)
        self.net.to(device)  # pyright: ignore[reportArgumentType]
        n_most = min(request.data.length, cast("int", getattr(self.net.config, "max_position_embeddings", 128)))
        encoded = cast("Any", self.tokenizer)(texts, truncation=True, max_length=n_most)["input_ids"]
        sides = {side: [i for i, held in enumerate(is_held_out) if held is side] for side in (False, True)}
        if len({answers[i] for i in sides[False]}) < 2:
            raise Refused("Without the held-out fifth, all texts have the same label; there is nothing to learn.")
        self._training = [(encoded[i], answers[i]) for i in sides[False]]
        self._validation = [(encoded[i], answers[i]) for i in sides[True]][:_MOST_VALIDATED]
        self._classes = classes
        self._first, self.example = self._validation[0], texts[sides[True][0]]
        self._is_typed = bool(request.data.watched)
        if self._is_typed:
            self.example = request.data.watched
            ids = cast("Any", self.tokenizer)(self.example, truncation=True, max_length=n_most)["input_ids"]
            self._first = (ids, -1)  # whose label nobody knows
        self.baselines = baselines(
            [(texts[i], answers[i]) for i in sides[False]], [(texts[i], answers[i]) for i in sides[True]]
        )
        how = {"full": "All weights are trained.", "head": "Only the new head is trained.", "lora": "LoRA is trained."}
        self.facts = (
            f"{len(self._training):,} texts of {Path(request.data.path).name} with {len(classes)} labels "
            f"({', '.join(classes)[:200]}); {len(sides[True]):,} texts, a fifth, are held out and chosen by their "
            f"letters. {how[request.tuned]}",
        )
        self._watch()

    def _watch(self) -> None:
        """Keep the attention of the example, as far as its maps can be told apart."""
        n = min(most_tokens(self.net.config), len(self._first[0]))
        if n < len(self._first[0]):
            ids = cast("Any", self.tokenizer)(self.example, truncation=True, max_length=n)["input_ids"]
        else:
            ids = self._first[0]
        self._seen = ids
        self.net.eval()
        self.watched = cast("str", self.tokenizer.decode(ids, skip_special_tokens=True)).strip()
        if self._pattern().size:
            self.rows = self.columns = names_of(ids, self.tokenizer)
            self.facts += (fact(self.watched, n, len(self._first[0])),)

    def _pattern(self) -> np.ndarray:
        net = cast("Any", self.net)
        whole = net.get_base_model() if hasattr(net, "get_base_model") else net  # within what LoRA puts around it
        return patterns_of(whole, len(self._seen), lambda: self._logits([(self._seen, 0)]))

    def loss(self) -> Tensor:
        chosen = torch.randint(len(self._training), (self._plan.batch,)).tolist()
        logits, answers = self._logits([self._training[i] for i in chosen])
        return F.cross_entropy(logits, answers, label_smoothing=self._plan.smoothing)

    def _logits(self, pairs: list[tuple[list[int], int]]) -> tuple[Tensor, Tensor]:
        longest, pad = max(len(ids) for ids, _ in pairs), self.tokenizer.pad_token_id or 0
        ids = torch.tensor([ids + [pad] * (longest - len(ids)) for ids, _ in pairs], device=self.net.device)
        places = torch.arange(longest, device=ids.device)
        mask = (places < torch.tensor([[len(ids)] for ids, _ in pairs], device=ids.device)).long()
        logits = cast("Any", self.net)(input_ids=ids, attention_mask=mask).logits
        return logits, torch.tensor([answer for _, answer in pairs], device=ids.device)

    def validate(self) -> tuple[float, float]:
        total = right = 0.0
        for first in range(0, len(self._validation), 64):
            logits, answers = self._logits(self._validation[first : first + 64])
            total += float(F.cross_entropy(logits, answers, reduction="sum"))
            right += float((logits.argmax(-1) == answers).sum())
        return total / len(self._validation), right / len(self._validation)

    def look(self) -> tuple[str, np.ndarray]:
        logits, answers = self._logits([self._first])
        probs = logits[0].softmax(-1)
        best = int(probs.argmax())
        truth = "" if self._is_typed else f" (is {self._classes[int(answers[0])]})"
        return f"{self._classes[best]} {float(probs[best]):.2f}{truth}", self._pattern()

    def whole(self) -> PreTrainedModel:
        if not hasattr(self.net, "merge_and_unload"):
            return self.net
        import copy

        return cast("Any", copy.deepcopy(self.net)).merge_and_unload()


def baselines(training: list[tuple[str, int]], held_out: list[tuple[str, int]]) -> tuple[tuple[str, float], ...]:
    """Accuracy of saying always the most frequent label, and of a logistic regression on counts of words."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    (texts, labels), (new_texts, new_labels) = zip(*training, strict=True), zip(*held_out, strict=True)
    majority = Counter(labels).most_common(1)[0][0]
    found = [("always the most frequent label", float(np.mean(np.array(new_labels) == majority)))]
    model = make_pipeline(CountVectorizer(token_pattern=r"(?u)\S+"), LogisticRegression(max_iter=1_000))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(texts, labels)
    found.append(("logistic regression on words", float(model.score(new_texts, new_labels))))
    return tuple(found)


def _open(request: TrainingRequest, classes: list[str]) -> tuple[Any, PreTrainedModel]:
    """Tokenizer, and the checkpoint with a head for these classes.

    Raises
    ------
    Refused
        It reads no texts, has no tokenizer, or transformers has no such head for it.
    """
    place, _ = split_precision(request.base)
    found = plan(place)
    if "text" not in found.info.reads or not found.info.has_tokenizer or found.adapter:
        raise Refused(f"{found.info.name} cannot be fine-tuned: a whole checkpoint with a tokenizer is needed.")
    names = dict(enumerate(classes))
    try:
        net, report = AutoModelForSequenceClassification.from_pretrained(
            found.folder,
            id2label=names,
            label2id={name: i for i, name in names.items()},
            num_labels=len(classes),
            dtype=torch.float32,
            ignore_mismatched_sizes=True,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (ValueError, OSError) as error:
        raise Refused(f"{found.info.name} has no head for classes in transformers, or cannot be read so.") from error
    tokenizer: Any = load_tokenizer(found.folder, found.config)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    net.config.pad_token_id = tokenizer.pad_token_id
    if request.tuned == "head":
        new = set(report["missing_keys"]) | {name for name, *_ in report.get("mismatched_keys", ())}
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(name in new)
    return tokenizer, net


def _with_lora(net: PreTrainedModel) -> Any:
    try:
        from peft import LoraConfig, TaskType, get_peft_model  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise Refused("Low-rank fine-tuning needs peft: pip install peft.") from None
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS, r=_LORA_RANK, lora_alpha=2 * _LORA_RANK, target_modules="all-linear"
    )
    return get_peft_model(net, config)
