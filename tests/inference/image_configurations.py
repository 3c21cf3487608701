"""Small random models that read images and films, alone or with text."""

from __future__ import annotations

from typing import Any

import torch
import transformers as tf

from tests.inference.configurations import (
    BERT,
    CLIP_TEXT,
    CLIP_VISION,
    D_VOCAB,
    DECODER,
    ENCODER,
    GPT,
    LLAMA,
    VISION_AND_TEXT,
    VIT,
    Configuration,
    both,
    film,
    ids,
    image,
    noise,
    text,
)


def _vision_encoder_decoder() -> Any:
    decoder = tf.GPT2Config(**GPT, add_cross_attention=True)
    config = tf.VisionEncoderDecoderConfig.from_encoder_decoder_configs(tf.ViTConfig(**VIT), decoder)
    return tf.VisionEncoderDecoderModel(config)


def _lxmert() -> Any:
    config = tf.LxmertConfig(
        vocab_size=D_VOCAB,
        hidden_size=32,
        num_attention_heads=4,
        intermediate_size=48,
        l_layers=2,
        x_layers=2,
        r_layers=1,
        visual_feat_dim=12,
        visual_pos_dim=4,
    )
    return tf.LxmertModel(config)


def _clip_family(cls: Any, config: Any, **more: Any) -> Any:
    return cls(config(text_config=CLIP_TEXT, vision_config=CLIP_VISION, projection_dim=16, **more))


def _llava() -> Any:
    config = tf.LlavaConfig(
        text_config=tf.LlamaConfig(**LLAMA), vision_config=tf.CLIPVisionConfig(**VIT), image_token_index=3
    )
    return tf.LlavaForConditionalGeneration(config)


def _llava_inputs() -> dict[str, Any]:
    return {"input_ids": torch.cat([torch.full((1, 16), 3), ids(7)], 1), **image()()}


def _blip_2() -> Any:
    qformer = {**BERT, "cross_attention_frequency": 2, "encoder_hidden_size": 32}
    opt = tf.OPTConfig(
        vocab_size=D_VOCAB,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        ffn_dim=48,
        word_embed_proj_dim=32,
    )
    config = tf.Blip2Config(
        vision_config=VIT, qformer_config=qformer, text_config=opt, num_query_tokens=3, image_token_index=3
    )
    return tf.Blip2ForConditionalGeneration(config)


def _blip_2_inputs() -> dict[str, Any]:
    return {"input_ids": torch.cat([torch.full((1, 3), 3), ids(7)], 1), **image()()}


def _flava() -> Any:
    config = tf.FlavaConfig(
        image_config=VIT,
        text_config=BERT,
        multimodal_config={k: v for k, v in VIT.items() if "size" not in k or k.startswith(("hidden", "inter"))},
        hidden_size=32,
        projection_dim=16,
    )
    return tf.FlavaModel(config)


def _group_vit() -> Any:
    vision = {
        **{k: v for k, v in VIT.items() if k != "num_hidden_layers"},
        "depths": [1, 1, 1],
        "num_group_tokens": [6, 3, 0],
        "num_output_groups": [6, 3, 3],
    }
    config = tf.GroupViTConfig(
        text_config={**BERT, "eos_token_id": 2}, vision_config=vision, projection_dim=16, projection_intermediate_dim=24
    )
    return tf.GroupViTModel(config)


def _x_clip() -> Any:
    mit = {"mit_hidden_size": 32, "mit_intermediate_size": 48, "mit_num_hidden_layers": 1, "mit_num_attention_heads": 4}
    config = tf.XCLIPConfig(
        text_config={**BERT, "eos_token_id": 2},
        vision_config={**VIT, **mit, "patch_size": 8, "num_frames": 3},
        projection_dim=32,
        prompt_layers=2,
        prompt_num_attention_heads=4,
    )
    return tf.XCLIPModel(config)


IMAGES: dict[str, Configuration] = {
    # Images
    "vit": Configuration(lambda: tf.ViTForImageClassification(tf.ViTConfig(**VIT)), image(), ENCODER),
    "deit": Configuration(lambda: tf.DeiTForImageClassificationWithTeacher(tf.DeiTConfig(**VIT)), image(), ENCODER),
    "dinov2": Configuration(
        lambda: tf.Dinov2Model(tf.Dinov2Config(**{k: v for k, v in VIT.items() if k != "intermediate_size"})),
        image(),
        ENCODER,
    ),
    "dinov2 with registers": Configuration(
        lambda: tf.Dinov2WithRegistersModel(
            tf.Dinov2WithRegistersConfig(**{k: v for k, v in VIT.items() if k != "intermediate_size"})
        ),
        image(),
        ENCODER,
    ),
    "beit": Configuration(
        lambda: tf.BeitForMaskedImageModeling(
            tf.BeitConfig(**VIT, vocab_size=D_VOCAB, use_relative_position_bias=True)
        ),
        image(),
        ENCODER,
    ),
    "vit_mae": Configuration(
        lambda: tf.ViTMAEForPreTraining(
            tf.ViTMAEConfig(
                **VIT,
                decoder_hidden_size=32,
                decoder_num_hidden_layers=1,
                decoder_num_attention_heads=4,
                decoder_intermediate_size=48,
            )
        ),
        lambda: {**image()(), "noise": noise(1, 16)},
        {"Encoder": 2, "Decoder": 1},
    ),
    "swin": Configuration(
        lambda: tf.SwinForImageClassification(
            tf.SwinConfig(image_size=16, patch_size=2, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4)
        ),
        image(),
        {"Stage 1": 2, "Stage 2": 2},
    ),
    "swinv2": Configuration(
        lambda: tf.Swinv2ForImageClassification(
            tf.Swinv2Config(image_size=16, patch_size=2, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4)
        ),
        image(),
        {"Stage 1": 2, "Stage 2": 2},
    ),
    "imagegpt": Configuration(
        lambda: tf.ImageGPTForCausalImageModeling(tf.ImageGPTConfig(**{**GPT, "vocab_size": D_VOCAB + 1})),
        text(16),
        DECODER,
    ),
    "dpt": Configuration(
        lambda: tf.DPTModel(tf.DPTConfig(**VIT, backbone_out_indices=[0, 1], is_hybrid=False)), image(), ENCODER
    ),
    "vivit": Configuration(
        lambda: tf.VivitModel(
            tf.VivitConfig(**{k: v for k, v in VIT.items() if k != "patch_size"}, num_frames=2, tubelet_size=[1, 8, 8])
        ),
        film(2),
        ENCODER,
    ),
    "videomae": Configuration(
        lambda: tf.VideoMAEModel(tf.VideoMAEConfig(**{**VIT, "patch_size": 8}, num_frames=4, tubelet_size=2)),
        film(4),
        ENCODER,
    ),
    # In each layer one attention in time and one in space
    "timesformer": Configuration(
        lambda: tf.TimesformerModel(tf.TimesformerConfig(**{**VIT, "patch_size": 8}, num_frames=3)),
        film(3),
        {"Time": 2, "Space": 2},
    ),
    # Text and images
    "clip": Configuration(lambda: _clip_family(tf.CLIPModel, tf.CLIPConfig), both(), VISION_AND_TEXT),
    "siglip": Configuration(  # and the pooling head of its vision tower
        lambda: tf.SiglipModel(tf.SiglipConfig(text_config=BERT, vision_config=VIT)),
        both(),
        {"Vision": 2, "Vision, head": 1, "Text": 2},
    ),
    "owlvit": Configuration(
        lambda: tf.OwlViTModel(
            tf.OwlViTConfig(text_config={**CLIP_TEXT, "max_position_embeddings": 16}, vision_config=CLIP_VISION)
        ),
        both(),
        VISION_AND_TEXT,
    ),
    "clipseg": Configuration(
        lambda: _clip_family(
            tf.CLIPSegForImageSegmentation,
            tf.CLIPSegConfig,
            extract_layers=[0, 1],
            reduce_dim=16,
            decoder_num_attention_heads=2,
            decoder_intermediate_size=32,
        ),
        both(),
        {"Vision": 2, "Text": 2, "Decoder": 2},
    ),
    "vilt": Configuration(lambda: tf.ViltModel(tf.ViltConfig(**{**BERT, **VIT}, max_image_length=-1)), both(), ENCODER),
    "visual_bert": Configuration(
        lambda: tf.VisualBertModel(tf.VisualBertConfig(**BERT, visual_embedding_dim=12)),
        lambda: {"input_ids": ids(), "visual_embeds": noise(1, 5, 12)},
        ENCODER,
    ),
    # Two of language, one of vision, and four in each of the two layers that join them
    "lxmert": Configuration(
        _lxmert,
        lambda: {"input_ids": ids(7), "visual_feats": noise(1, 5, 12), "visual_pos": noise(1, 5, 4).sigmoid()},
        {
            "Language": 2,
            "Vision": 1,
            "Language to vision": 2,
            "Vision to language": 2,
            "Language, joint layers": 2,
            "Vision, joint layers": 2,
        },
    ),
    "blip": Configuration(
        lambda: tf.BlipForConditionalGeneration(
            tf.BlipConfig(
                text_config={**BERT, "encoder_hidden_size": 32, "bos_token_id": 1, "sep_token_id": 2},
                vision_config=VIT,
                projection_dim=16,
            )
        ),
        both(),
        {"Vision": 2, "Text": 2, "Text to vision": 2},
    ),
    "git": Configuration(
        lambda: tf.GitModel(tf.GitConfig(**BERT, vision_config=VIT, bos_token_id=1, eos_token_id=2)),
        both(),
        {"Vision": 2, "Decoder": 2},
    ),
    "vision encoder and GPT-2": Configuration(
        _vision_encoder_decoder,
        lambda: {**image()(), "decoder_input_ids": ids(5)},
        {"Encoder": 2, "Decoder": 2, "Decoder to encoder": 2},
    ),
    "llava": Configuration(_llava, _llava_inputs, VISION_AND_TEXT),
    "blip-2": Configuration(_blip_2, _blip_2_inputs, {"Vision": 2, "Queries": 2, "Queries to vision": 1, "Text": 2}),
    "flava": Configuration(_flava, both(), {"Vision": 2, "Text": 2, "Text and vision": 2}),
    "groupvit": Configuration(
        _group_vit,
        both(),
        {"Stage 1": 1, "Stage 1, grouping": 1, "Stage 2": 1, "Stage 2, grouping": 1, "Stage 3": 1, "Text": 2},
        has_own_maps=False,
    ),
    "x-clip": Configuration(
        _x_clip,
        lambda: {"input_ids": ids(), **film(3)()},
        {"Messages": 2, "Vision": 2, "Frames": 1, "Text": 2, "Prompts to vision": 2},
    ),
}
