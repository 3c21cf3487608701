"""Text encoders: every token sees every other one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from inference.family.base import Encoded, check_count
from inference.family.components import Block, Components, Names, Stack, base_path, joined, of_one_stack
from inference.family.text import TextFamily, bent_by_the_head
from inference.inputs.tokens import as_text, segments, tokenize
from inference.inputs.written import text_and_written
from inference.results.checkpoint import AttentionGroup
from inference.results.inputs import Input

if TYPE_CHECKING:
    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

    from inference.capture.attention_call import AttentionCall, Received
    from inference.family.opened import Opened
    from inference.inputs.images import Prepared

# Those of transformers that are read; a test builds every one and compares it with transformers itself.
MODEL_TYPES = frozenset(
    [
        "albert",
        "bert",
        "camembert",
        "data2vec-text",
        "deberta",
        "deberta-v2",
        "distilbert",
        "dpr",
        "electra",
        "ernie",
        "esm",
        "eurobert",
        "flaubert",
        "gte",
        "jina_embeddings_v3",
        "layoutlm",
        "luke",
        "megatron-bert",
        "mobilebert",
        "modernbert",
        "mpnet",
        "nomic_bert",
        "rembert",
        "roberta",
        "roberta-prelayernorm",
        "roc_bert",
        "roformer",
        "ultrabert",
        "xlm",
        "xlm-roberta",
        "xlm-roberta-xl",
    ]
)
# Their heads are a matrix; those of the others have a layer of their own before it.
_STRAIGHT_HEADS = {"eurobert"}
# Their scores are sums of several products, of which only the patterns are kept.
_PATTERNS_ONLY = {"deberta", "deberta-v2"}

_NO_BOXES = "LayoutLM also reads where on a page each word stands; here all stand at the upper left corner."

# What they call their parts; most have the names of BERT or RoBERTa.
_BERT = Names(
    "encoder.layer",
    "attention.self",
    ("intermediate.dense", "output.dense"),
    embedding="embeddings",
    unembedding=("cls.predictions",),
)
_ROBERTA = replace(_BERT, unembedding=("lm_head",))
_LLAMA = Names("layers", "self_attn", final_norm="norm")
_NOMIC = Names("layers", "self_attn", embedding="embeddings")
_NAMES = {
    "bert-generation": _ROBERTA,
    "camembert": _ROBERTA,
    "data2vec-text": _ROBERTA,
    "distilbert": Names(
        "transformer.layer",
        "attention",
        ("ffn",),
        embedding="embeddings",
        unembedding=("vocab_transform", "activation", "vocab_layer_norm", "vocab_projector"),
    ),
    "electra": replace(_BERT, unembedding=("generator_predictions", "generator_lm_head")),
    "esm": replace(_ROBERTA, final_norm="encoder.emb_layer_norm_after"),
    "eurobert": _LLAMA,
    "gte": _NOMIC,
    "jina_embeddings_v3": _NOMIC,
    "luke": _ROBERTA,
    "megatron-bert": replace(_BERT, final_norm="encoder.ln"),
    "modernbert": Names(
        "layers", "attn", embedding="embeddings", final_norm="final_norm", unembedding=("head", "decoder")
    ),
    "mpnet": replace(_ROBERTA, attention="attention.attn"),
    "nomic_bert": replace(_NOMIC, unembedding=("cls.predictions",)),
    "roberta": _ROBERTA,
    "roberta-prelayernorm": replace(_ROBERTA, final_norm="LayerNorm"),
    "ultrabert": replace(_LLAMA, unembedding=("head",)),
    "xlm-roberta": _ROBERTA,
    "xlm-roberta-xl": replace(_ROBERTA, final_norm="encoder.LayerNorm"),
}


# Those of transformers that hide what comes behind where their configuration says `is_decoder`.
DECODER_TYPES = frozenset(
    [
        "bert",
        "bert-generation",
        "camembert",
        "data2vec-text",
        "electra",
        "ernie",
        "megatron-bert",
        "rembert",
        "roberta",
        "roberta-prelayernorm",
        "roc_bert",
        "roformer",
        "xlm-roberta",
        "xlm-roberta-xl",
    ]
)
_T5_CLASSES = frozenset({"T5EncoderModel", "MT5EncoderModel", "UMT5EncoderModel"})
_T5_OF_TOKENS = frozenset({"T5ForTokenClassification", "MT5ForTokenClassification", "UMT5ForTokenClassification"})


class EncoderFamily(TextFamily):
    """BERT and its like (Devlin et al. 2019)."""

    name = "encoder"
    relative = frozenset({"deberta", "deberta-v2", "mpnet"})
    rotary = frozenset({"roformer"})
    starts_behind_padding = frozenset(
        [
            "roberta",
            "xlm-roberta",
            "xlm-roberta-xl",
            "camembert",
            "roberta-prelayernorm",
            "luke",
            "data2vec-text",
            "esm",
            "mpnet",
        ]
    )

    heads = frozenset({"DPRContextEncoder", "DPRQuestionEncoder", "DPRReader"})
    group = "encoder"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_causal = getattr(config, "is_decoder", False) or getattr(config, "causal", False)  # the latter XLM's
        return config.model_type in MODEL_TYPES and not is_causal

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        return (AttentionGroup(self.group, "Encoder", n_heads, has_qk=config.model_type not in _PATTERNS_ONLY),)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        return (_NO_BOXES,) if config.model_type == "layoutlm" else ()

    def position_note(self, config: PreTrainedConfig) -> str:
        if not config.model_type.startswith("deberta"):
            return ""
        return (
            "Learned vectors for the distance between two words are compared with queries and keys, and added to the "
            "scores."
        )

    def why_logits_are_no_sum(self, opened: Opened) -> str:
        model_type = opened.config.model_type
        if model_type in ("xlm", "flaubert"):
            return f"the layers of {opened.name} models are no modules of their own"
        if model_type == "bert-generation":  # a plain head behind layers that end with a norm
            return super().why_logits_are_no_sum(opened)
        return "" if model_type in _STRAIGHT_HEADS else bent_by_the_head(opened)

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`. Sentences are told apart (`token_type_ids`) where the model does."""
        tokens = tokenize(as_text(input), config, tokenizer, self.n_ctx(config))
        return Encoded({"input_ids": torch.from_numpy(tokens.ids)[None], **segments(tokens, config)}, {"text": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits; of DPR all, whose base model is not one by itself."""
        self.output(net, encoded.tensors, with_head=net.config.model_type == "dpr")

    def sort_calls(
        self, received: list[Received], net: PreTrainedModel, encoded: Encoded
    ) -> dict[str, list[AttentionCall]]:
        (group,) = self.groups(net.config)
        return {group.name: check_count([each.one() for each in received], group)}

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        model_type = net.config.model_type
        if model_type == "albert":
            return _of_albert(net)
        if model_type in ("xlm", "flaubert"):
            return _of_xlm(net)
        lacking = {}
        if model_type.startswith("deberta") and not getattr(net.config, "legacy", True):
            lacking["unembedding"] = "its head takes the table of the embeddings too"
        names = _NAMES.get(model_type, _BERT)
        # DPR's base model is what holds a BERT.
        base = next((name for name, part in net.named_modules() if name.rpartition(".")[2] == "bert_model"), None)
        return of_one_stack(net, self.group, names, base, lacking=lacking)


def _of_albert(net: PreTrainedModel) -> Components:
    """Layers share their parameters: one module stands for all those of a group."""
    names = replace(_BERT, attention="attention", mlp=("ffn", "ffn_output"), unembedding=("predictions",))
    whole = of_one_stack(net, "encoder", replace(names, blocks="encoder.albert_layer_groups.0.albert_layers"))
    base, config = base_path(net), net.config
    blocks = tuple(
        names.block(joined(base, f"encoder.albert_layer_groups.{i * config.num_hidden_groups // n}.albert_layers.0"))
        for n in [config.num_hidden_layers]
        for i in range(n)
    )
    return replace(whole, stacks={"encoder": Stack(blocks)})


def _of_xlm(net: PreTrainedModel) -> Components:
    """Its layers are no modules of their own."""
    base = base_path(net)
    whole = of_one_stack(
        net,
        "encoder",
        Names("attentions", "", ("",), embedding="embeddings", unembedding=("pred_layer.proj",)),
        lacking={"blocks": "its layers are no modules of their own"},
    )
    blocks = tuple(
        Block(None, joined(base, f"attentions.{i}"), (joined(base, f"ffns.{i}"),)) for i in range(net.config.n_layers)
    )
    return replace(whole, stacks={"encoder": Stack(blocks)})


class EncoderAsDecoderFamily(EncoderFamily):
    """What Rothe et al. 2020 call a warm-started decoder, by itself."""

    name = "encoder_as_decoder"
    group = "decoder"

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        is_decoder = config.model_type in DECODER_TYPES and getattr(config, "is_decoder", False)
        return is_decoder and not getattr(config, "add_cross_attention", False)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        n_heads = (config.num_attention_heads,) * config.num_hidden_layers
        return (AttentionGroup(self.group, "Decoder", n_heads, is_causal=True),)

    def notes(self, config: PreTrainedConfig) -> tuple[str, ...]:
        if config.model_type not in self.starts_behind_padding:
            return ()
        return (
            "It is told positions as in training, from behind the number of the padding token; generate() of "
            "transformers tells it positions from 0 on, and so writes other texts.",
        )

    def lacks(self, opened: Opened) -> dict[str, str]:
        lacking = super().lacks(opened)
        return lacking | {
            "masked_lm": lacking["unembedding"] or f"{opened.name} predicts the next word, it has no mask token",
            "generation": lacking["unembedding"],
        }

    def encode(
        self,
        input: Input,
        config: PreTrainedConfig,
        tokenizer: PreTrainedTokenizerBase | None = None,
        prepared: Prepared | None = None,
    ) -> Encoded:
        """See `Reads.encode`."""
        tokens = text_and_written(as_text(input), config, tokenizer, self.n_ctx(config))
        return Encoded({"input_ids": torch.from_numpy(tokens.ids)[None]}, {"text": tokens})

    def forward(self, net: PreTrainedModel, encoded: Encoded) -> None:
        """Without the logits and without a second copy of keys and values."""
        self.output(net, encoded.tensors, with_head=False, use_cache=False)


class T5EncoderFamily(EncoderFamily):
    """The encoder of Raffel et al. 2020, without the decoder."""

    name = "t5_encoder"
    heads = _T5_CLASSES
    relative = frozenset({"t5", "mt5", "umt5"})
    unlimited = relative

    @staticmethod
    def fits(config: PreTrainedConfig) -> bool:
        named: Any = config.architectures or []  # whatever a foreign file says
        return any(isinstance(name, str) and name in _T5_CLASSES | _T5_OF_TOKENS for name in named)

    def groups(self, config: PreTrainedConfig) -> tuple[AttentionGroup, ...]:
        return (AttentionGroup(self.group, "Encoder", (config.num_heads,) * config.num_layers),)

    def components(self, net: PreTrainedModel) -> Components:
        """See `HasComponents.components`."""
        names = Names(
            "block", "layer.0.SelfAttention", ("layer.1.DenseReluDense",), final_norm="final_layer_norm", unembedding=()
        )
        lacking = {"unembedding": f"{type(net).__name__} has no head for tokens"}
        base = next(name for name, part in net.named_modules() if name.rpartition(".")[2] == "encoder")
        return of_one_stack(net, self.group, names, base, lacking=lacking)
