"""Small random models that read text."""

from __future__ import annotations

from typing import Any

import torch
import transformers as tf

from tests.inference.configurations import (
    BART,
    BERT,
    D_VOCAB,
    DECODER,
    ENCODER,
    ENCODER_DECODER,
    GPT,
    LLAMA,
    T5,
    Configuration,
    ids,
    pair,
    text,
)


def _encoder_decoder() -> Any:
    decoder = tf.BertConfig(**BERT, is_decoder=True, add_cross_attention=True)
    return tf.EncoderDecoderModel(tf.EncoderDecoderConfig.from_encoder_decoder_configs(tf.BertConfig(**BERT), decoder))


def _falcon(**options: Any) -> Any:
    sizes = {k: v for k, v in BERT.items() if k != "intermediate_size"}
    return tf.FalconForCausalLM(tf.FalconConfig(**sizes, **options))


def _longformer_inputs() -> dict[str, Any]:
    is_global = torch.zeros(1, 29, dtype=torch.int64)
    is_global[0, [0, 9]] = 1
    return {"input_ids": ids(29), "global_attention_mask": is_global}


def _xlnet_streams() -> dict[str, Any]:
    mapping = torch.zeros(1, 2, 9)
    mapping[0, 0, 8] = mapping[0, 1, 4] = 1
    hidden = torch.zeros(1, 9, 9)
    hidden[:, :, [4, 8]] = 1
    return {"input_ids": ids(9), "target_mapping": mapping, "perm_mask": hidden}


TEXT: dict[str, Configuration] = {
    # Text encoders
    "bert": Configuration(lambda: tf.BertForPreTraining(tf.BertConfig(**BERT)), text(), ENCODER),
    "roberta": Configuration(lambda: tf.RobertaForMaskedLM(tf.RobertaConfig(**BERT)), text(), ENCODER),
    "xlm-roberta": Configuration(lambda: tf.XLMRobertaForMaskedLM(tf.XLMRobertaConfig(**BERT)), text(), ENCODER),
    "camembert": Configuration(lambda: tf.CamembertForMaskedLM(tf.CamembertConfig(**BERT)), text(), ENCODER),
    "albert": Configuration(lambda: tf.AlbertForMaskedLM(tf.AlbertConfig(**BERT, embedding_size=16)), text(), ENCODER),
    "distilbert": Configuration(
        lambda: tf.DistilBertForMaskedLM(
            tf.DistilBertConfig(vocab_size=D_VOCAB, dim=32, n_layers=2, n_heads=4, hidden_dim=48)
        ),
        text(),
        ENCODER,
    ),
    "electra": Configuration(
        lambda: tf.ElectraForMaskedLM(tf.ElectraConfig(**BERT, embedding_size=16)), text(), ENCODER
    ),
    "ernie": Configuration(lambda: tf.ErnieForMaskedLM(tf.ErnieConfig(**BERT)), text(), ENCODER),
    "mpnet": Configuration(lambda: tf.MPNetForMaskedLM(tf.MPNetConfig(**BERT)), text(), ENCODER),
    "megatron-bert": Configuration(lambda: tf.MegatronBertForMaskedLM(tf.MegatronBertConfig(**BERT)), text(), ENCODER),
    "deberta": Configuration(
        lambda: tf.DebertaForMaskedLM(tf.DebertaConfig(**BERT, relative_attention=True, pos_att_type=["p2c", "c2p"])),
        text(),
        ENCODER,
    ),
    "deberta-v2": Configuration(
        lambda: tf.DebertaV2ForMaskedLM(
            tf.DebertaV2Config(**BERT, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8)
        ),
        text(),
        ENCODER,
    ),
    "modernbert": Configuration(
        lambda: tf.ModernBertForMaskedLM(
            tf.ModernBertConfig(**BERT, local_attention=8, pad_token_id=0, cls_token_id=1, sep_token_id=2)
        ),
        text(23),
        ENCODER,
    ),
    "xlm": Configuration(
        lambda: tf.XLMWithLMHeadModel(tf.XLMConfig(vocab_size=D_VOCAB, emb_dim=32, n_layers=2, n_heads=4)),
        text(),
        ENCODER,
    ),
    "xlnet": Configuration(
        lambda: tf.XLNetLMHeadModel(tf.XLNetConfig(vocab_size=D_VOCAB, d_model=32, n_layer=2, n_head=4, d_inner=48)),
        text(9),
        {"Content stream": 2},
    ),
    "xlnet, two streams": Configuration(
        lambda: tf.XLNetLMHeadModel(tf.XLNetConfig(vocab_size=D_VOCAB, d_model=32, n_layer=2, n_head=4, d_inner=48)),
        _xlnet_streams,
        {"Content stream": 2, "Query stream": 2},
    ),
    "funnel": Configuration(
        lambda: tf.FunnelModel(
            tf.FunnelConfig(vocab_size=D_VOCAB, block_sizes=[2, 2], d_model=32, n_head=4, d_head=8, d_inner=48)
        ),
        text(16),
        {"Block 1": 2, "Block 2 to block 1": 1, "Block 2": 1, "Decoder": 2},
    ),
    "luke": Configuration(
        lambda: tf.LukeModel(tf.LukeConfig(**BERT, entity_vocab_size=10, entity_emb_size=16)), text(), ENCODER
    ),
    "longformer": Configuration(
        lambda: tf.LongformerForMaskedLM(tf.LongformerConfig(**BERT, attention_window=[4, 8], pad_token_id=1)),
        _longformer_inputs,
        ENCODER,
        has_own_maps=False,
    ),
    "big_bird": Configuration(
        lambda: tf.BigBirdForMaskedLM(
            tf.BigBirdConfig(**{**BERT, "max_position_embeddings": 128}, block_size=4, num_random_blocks=2)
        ),
        text(61),
        ENCODER,
        has_own_maps=False,
    ),
    "big_bird, short": Configuration(
        lambda: tf.BigBirdForMaskedLM(
            tf.BigBirdConfig(**{**BERT, "max_position_embeddings": 128}, attention_type="original_full")
        ),
        text(20),
        ENCODER,
    ),
    # Text decoders
    "openai-gpt": Configuration(lambda: tf.OpenAIGPTLMHeadModel(tf.OpenAIGPTConfig(**GPT)), text(), DECODER),
    "gpt2": Configuration(lambda: tf.GPT2LMHeadModel(tf.GPT2Config(**GPT)), text(), DECODER),
    "gpt_neo": Configuration(
        lambda: tf.GPTNeoForCausalLM(
            tf.GPTNeoConfig(
                vocab_size=D_VOCAB,
                hidden_size=32,
                num_layers=2,
                num_heads=4,
                attention_types=[[["global", "local"], 1]],
                window_size=4,
                max_position_embeddings=64,
            )
        ),
        text(),
        DECODER,
    ),
    "gpt_neox": Configuration(lambda: tf.GPTNeoXForCausalLM(tf.GPTNeoXConfig(**BERT)), text(), DECODER),
    "gptj": Configuration(lambda: tf.GPTJForCausalLM(tf.GPTJConfig(**GPT, rotary_dim=4)), text(), DECODER),
    "codegen": Configuration(lambda: tf.CodeGenForCausalLM(tf.CodeGenConfig(**GPT, rotary_dim=4)), text(), DECODER),
    "opt": Configuration(
        lambda: tf.OPTForCausalLM(
            tf.OPTConfig(
                vocab_size=D_VOCAB,
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=4,
                ffn_dim=48,
                word_embed_proj_dim=32,
                max_position_embeddings=64,
            )
        ),
        text(),
        DECODER,
    ),
    "llama": Configuration(lambda: tf.LlamaForCausalLM(tf.LlamaConfig(**LLAMA)), text(), DECODER),
    "mistral": Configuration(
        lambda: tf.MistralForCausalLM(tf.MistralConfig(**LLAMA, sliding_window=4)), text(), DECODER
    ),
    "mixtral": Configuration(
        lambda: tf.MixtralForCausalLM(tf.MixtralConfig(**LLAMA, num_local_experts=2, experts_implementation="eager")),
        text(),
        DECODER,
    ),
    "qwen2": Configuration(lambda: tf.Qwen2ForCausalLM(tf.Qwen2Config(**LLAMA)), text(), DECODER),
    "qwen3": Configuration(lambda: tf.Qwen3ForCausalLM(tf.Qwen3Config(**LLAMA)), text(), DECODER),
    "gemma": Configuration(lambda: tf.GemmaForCausalLM(tf.GemmaConfig(**LLAMA)), text(), DECODER),
    "gemma2": Configuration(
        lambda: tf.Gemma2ForCausalLM(tf.Gemma2Config(**LLAMA, sliding_window=4, attn_logit_softcapping=2.0)),
        text(),
        DECODER,
    ),
    "phi": Configuration(lambda: tf.PhiForCausalLM(tf.PhiConfig(**BERT)), text(), DECODER),
    "granite": Configuration(lambda: tf.GraniteForCausalLM(tf.GraniteConfig(**LLAMA)), text(), DECODER),
    "bloom": Configuration(
        lambda: tf.BloomForCausalLM(tf.BloomConfig(vocab_size=D_VOCAB, hidden_size=32, n_layer=2, n_head=4)),
        text(),
        DECODER,
    ),
    "mpt": Configuration(
        lambda: tf.MptForCausalLM(tf.MptConfig(vocab_size=D_VOCAB, d_model=32, n_layers=2, n_heads=4, max_seq_len=64)),
        text(),
        DECODER,
    ),
    "falcon": Configuration(lambda: _falcon(multi_query=True), text(), DECODER),
    # Its fused and its written-out attention differ by 1.7e-2 in transformers itself.
    "falcon, alibi": Configuration(lambda: _falcon(multi_query=False, alibi=True), text(), DECODER, has_own_maps=False),
    # Encoder-decoders: encoder, and two attentions in each layer of the decoder
    "bart": Configuration(lambda: tf.BartForConditionalGeneration(tf.BartConfig(**BART)), pair(), ENCODER_DECODER),
    "mbart": Configuration(lambda: tf.MBartForConditionalGeneration(tf.MBartConfig(**BART)), pair(), ENCODER_DECODER),
    "marian": Configuration(lambda: tf.MarianMTModel(tf.MarianConfig(**BART)), pair(), ENCODER_DECODER),
    "m2m_100": Configuration(
        lambda: tf.M2M100ForConditionalGeneration(tf.M2M100Config(**BART)), pair(), ENCODER_DECODER
    ),
    "pegasus": Configuration(
        lambda: tf.PegasusForConditionalGeneration(tf.PegasusConfig(**BART)), pair(), ENCODER_DECODER
    ),
    "t5": Configuration(lambda: tf.T5ForConditionalGeneration(tf.T5Config(**T5)), pair(), ENCODER_DECODER),
    "mt5": Configuration(lambda: tf.MT5ForConditionalGeneration(tf.MT5Config(**T5)), pair(), ENCODER_DECODER),
    "fsmt": Configuration(
        lambda: tf.FSMTForConditionalGeneration(
            tf.FSMTConfig(
                langs=["en", "de"],
                src_vocab_size=D_VOCAB,
                tgt_vocab_size=D_VOCAB,
                d_model=32,
                encoder_layers=2,
                decoder_layers=3,
                encoder_attention_heads=4,
                decoder_attention_heads=4,
                encoder_ffn_dim=48,
                decoder_ffn_dim=48,
                max_position_embeddings=64,
            )
        ),
        pair(),
        ENCODER_DECODER,
    ),
    # Its decoder attends to itself in a main stream and in one for each of two future words.
    "prophetnet": Configuration(
        lambda: tf.ProphetNetForConditionalGeneration(
            tf.ProphetNetConfig(
                vocab_size=D_VOCAB,
                hidden_size=32,
                encoder_ffn_dim=48,
                num_encoder_layers=2,
                num_encoder_attention_heads=4,
                decoder_ffn_dim=48,
                num_decoder_layers=2,
                num_decoder_attention_heads=4,
                max_position_embeddings=64,
                ngram=2,
            )
        ),
        pair(),
        {"Encoder": 2, "Decoder": 2, "Decoder to encoder": 2, "Decoder, future word 1": 2, "Decoder, future word 2": 2},
        has_own_maps=False,  # the maps that it returns are scores, before the softmax
    ),
    "bigbird_pegasus": Configuration(
        lambda: tf.BigBirdPegasusForConditionalGeneration(
            tf.BigBirdPegasusConfig(**{**BART, "max_position_embeddings": 128}, block_size=4, num_random_blocks=2)
        ),
        pair(61),
        ENCODER_DECODER,
        has_own_maps=False,
    ),
    "encoder-decoder of two BERTs": Configuration(
        _encoder_decoder, pair(), {"Encoder": 2, "Decoder": 2, "Decoder to encoder": 2}
    ),
    "led": Configuration(
        lambda: tf.LEDForConditionalGeneration(
            tf.LEDConfig(
                **{k: v for k, v in BART.items() if k not in ("max_position_embeddings", "decoder_attention_heads")},
                decoder_attention_heads=4,
                max_encoder_position_embeddings=64,
                max_decoder_position_embeddings=64,
                attention_window=4,
            )
        ),
        lambda: {**_longformer_inputs(), "decoder_input_ids": ids(5)},
        ENCODER_DECODER,
        has_own_maps=False,
    ),
}
