"""Small random models of many architectures, built in memory."""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import torch
import transformers as tf
from torch import Tensor

from inference.context import Context
from inference.family.base import Family
from inference.forward.model import Model
from inference.models.transformer import TransformerForTranslation
from inference.models.transformer_layers import TransformerConfig
from inference.registry import FAMILIES
from inference.results.checkpoint import CheckpointInfo

D_VOCAB = 50
_SIZES = {
    "vocab_size": D_VOCAB,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 40,
}
_LLAMA = {**_SIZES, "num_key_value_heads": 2, "head_dim": 8, "pad_token_id": 0}
_GPT = {"vocab_size": D_VOCAB, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 40}
_BART = {
    "vocab_size": D_VOCAB,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 40,
    "pad_token_id": 1,
    "decoder_start_token_id": 2,
}
_T5 = {
    "vocab_size": D_VOCAB,
    "d_model": 32,
    "d_kv": 8,
    "d_ff": 64,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": 4,
    "decoder_start_token_id": 0,
}

# Built late: a configuration costs an import of its own.
_BUILDERS: dict[str, Callable[[], tf.PreTrainedModel]] = {
    "bert": lambda: tf.BertForPreTraining(tf.BertConfig(**_SIZES)),
    "roberta": lambda: tf.RobertaForMaskedLM(tf.RobertaConfig(**_SIZES, type_vocab_size=1)),
    "distilbert": lambda: tf.DistilBertForMaskedLM(
        tf.DistilBertConfig(
            vocab_size=D_VOCAB, dim=32, n_layers=2, n_heads=4, hidden_dim=64, max_position_embeddings=40
        )
    ),
    "electra": lambda: tf.ElectraForMaskedLM(tf.ElectraConfig(**_SIZES, embedding_size=16)),
    "albert": lambda: tf.AlbertForMaskedLM(tf.AlbertConfig(**_SIZES, embedding_size=16)),
    "ernie": lambda: tf.ErnieForMaskedLM(tf.ErnieConfig(**_SIZES)),
    "mpnet": lambda: tf.MPNetForMaskedLM(tf.MPNetConfig(**_SIZES)),
    "deberta-v2": lambda: tf.DebertaV2ForMaskedLM(
        tf.DebertaV2Config(
            **_SIZES,
            relative_attention=True,
            pos_att_type=["p2c", "c2p"],
            position_buckets=8,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
        )
    ),
    "modernbert": lambda: tf.ModernBertForMaskedLM(
        tf.ModernBertConfig(**_SIZES, local_attention=8, pad_token_id=0, cls_token_id=1, sep_token_id=2)
    ),
    "gpt2": lambda: tf.GPT2LMHeadModel(tf.GPT2Config(**_GPT)),
    "opt": lambda: tf.OPTForCausalLM(
        tf.OPTConfig(
            vocab_size=D_VOCAB,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            ffn_dim=64,
            max_position_embeddings=40,
            word_embed_proj_dim=32,
        )
    ),
    "llama": lambda: tf.LlamaForCausalLM(tf.LlamaConfig(**_LLAMA)),
    "mistral": lambda: tf.MistralForCausalLM(tf.MistralConfig(**_LLAMA, sliding_window=5)),
    "qwen3": lambda: tf.Qwen3ForCausalLM(tf.Qwen3Config(**_LLAMA)),
    "gemma2": lambda: tf.Gemma2ForCausalLM(
        tf.Gemma2Config(**_LLAMA, sliding_window=5, attn_logit_softcapping=0.5, query_pre_attn_scalar=8)
    ),
    "gemma3": lambda: tf.Gemma3ForCausalLM(
        tf.Gemma3TextConfig(**_LLAMA, sliding_window=5, layer_types=["sliding_attention", "full_attention"])
    ),
    "gpt_neox": lambda: tf.GPTNeoXForCausalLM(tf.GPTNeoXConfig(**_SIZES)),
    "gptj": lambda: tf.GPTJForCausalLM(tf.GPTJConfig(**_GPT, rotary_dim=4)),
    "gpt_neo": lambda: tf.GPTNeoForCausalLM(
        tf.GPTNeoConfig(
            vocab_size=D_VOCAB,
            hidden_size=32,
            num_layers=2,
            num_heads=4,
            attention_types=[[["global", "local"], 1]],
            max_position_embeddings=40,
            window_size=5,
        )
    ),
    "codegen": lambda: tf.CodeGenForCausalLM(tf.CodeGenConfig(**_GPT, rotary_dim=4)),
    "openai-gpt": lambda: tf.OpenAIGPTLMHeadModel(tf.OpenAIGPTConfig(**_GPT)),
    "bloom": lambda: tf.BloomForCausalLM(tf.BloomConfig(vocab_size=D_VOCAB, hidden_size=32, n_layer=2, n_head=4)),
    "mpt": lambda: tf.MptForCausalLM(
        tf.MptConfig(vocab_size=D_VOCAB, d_model=32, n_layers=2, n_heads=4, max_seq_len=40)
    ),
    "falcon": lambda: tf.FalconForCausalLM(_falcon(multi_query=True)),
    "falcon-alibi": lambda: tf.FalconForCausalLM(_falcon(multi_query=False, alibi=True)),
    "bart": lambda: tf.BartForConditionalGeneration(tf.BartConfig(**_BART)),
    "marian": lambda: tf.MarianMTModel(tf.MarianConfig(**_BART)),
    "m2m_100": lambda: tf.M2M100ForConditionalGeneration(tf.M2M100Config(**_BART)),
    "pegasus": lambda: tf.PegasusForConditionalGeneration(tf.PegasusConfig(**_BART)),
    "t5": lambda: tf.T5ForConditionalGeneration(tf.T5Config(**_T5)),
    "mt5": lambda: tf.MT5ForConditionalGeneration(tf.MT5Config(**_T5)),
    "transformer": lambda: TransformerForTranslation(TransformerConfig(**_BART)),
}
ARCHITECTURES = tuple(_BUILDERS)
ENCODER_DECODERS = ("bart", "marian", "m2m_100", "pegasus", "t5", "mt5", "transformer")


def _falcon(**options: Any) -> tf.FalconConfig:
    return tf.FalconConfig(
        vocab_size=D_VOCAB,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=40,
        **options,
    )


def build(name: str, dtype: torch.dtype = torch.float32) -> tf.PreTrainedModel:
    """A seeded random model in eval mode; its weights are larger than usual, so that no pattern is flat."""
    torch.manual_seed(0)
    net = _BUILDERS[name]()
    with torch.no_grad():
        for parameter in net.parameters():
            # T5 does not scale its scores; these start with larger weights.
            if parameter.ndim > 1 and parameter.requires_grad and name not in ("t5", "mt5", "transformer"):
                parameter.mul_(5)
    return net.to(dtype).eval()


def family_of(config: tf.PreTrainedConfig) -> Family:
    """The one that reads such a model."""
    modules_and_names = (where.split(":") for where in FAMILIES.values())
    families = (getattr(import_module(module), name) for module, name in modules_and_names)
    return next(family for family in families if family.fits(config))()


def build_model(name: str, net: tf.PreTrainedModel | None = None, tokenizer: Any = None) -> Model:
    """The same as an open checkpoint without files."""
    net = build(name) if net is None else net
    family = family_of(net.config)
    info = CheckpointInfo(
        checkpoint="tiny",
        name=f"tiny-{name}",
        architecture=type(net).__name__,
        family=family.name,
        n_parameters=0,
        d_model=32,
        d_vocab=D_VOCAB,
        n_ctx=family.n_ctx(net.config),
        groups=family.groups(net.config),
        capabilities=("attention", "qk", "positions"),
        missing=(),
        has_tokenizer=tokenizer is not None,
        mask_token="",
        position_kind=family.position_kind(net.config),
        device="CPU",
        notes=(),
    )
    return Model(info, net, tokenizer, family, torch.device("cpu"))


def ids_of(n: int, seed: int = 1) -> tuple[int, ...]:
    """Random token ids, none of them special."""
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randint(5, D_VOCAB, (n,), generator=generator).tolist())


MAPS = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}


def written_out(net: Any) -> Any:
    """The same model with transformers' plain code of attention."""
    net = copy.deepcopy(net)
    for part in net.modules():
        if hasattr(part, "config") and hasattr(part.config, "_attn_implementation_internal"):
            part.config._attn_implementation_internal = "eager"
    return net


def eager_maps(net: Any, tensors: dict[str, Tensor], group: str) -> tuple[Tensor, ...]:
    """[head, query_pos, key_pos] of each layer, as transformers' plain code computes them."""
    net = written_out(net)
    with torch.inference_mode():
        output = net(**tensors, output_attentions=True)
    maps = output[MAPS[group]] if net.config.is_encoder_decoder else output["attentions"]
    return tuple(layer[0] for layer in maps)


def patterns_of(model, input, group):
    """[layer, head, query_pos, key_pos]."""
    run = model.run(input, Context())
    return np.stack([call.patterns().numpy() for _, call in model.each_call(run, group, Context())])
