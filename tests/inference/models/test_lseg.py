"""LSeg: the published names, the decoder of DPT, the text tower of CLIP, and labels in any number and order."""

from __future__ import annotations

import re
import sys

import pytest
import torch
from transformers import (
    BertTokenizer,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    DPTConfig,
    DPTForSemanticSegmentation,
)

from inference.context import Context
from inference.forward.opening import load
from inference.models.lseg.model import UNUSED, LSeg, from_published
from inference.models.lseg.towers import LSegConfig
from resources.recipes.lseg_scenes import published

SMALL = {
    "image_size": 64,
    "hidden_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 1,
    "intermediate_size": 128,
    "hooks": (0, 1, 2, 3),
    "neck_hidden_sizes": (16, 24, 32, 32),
    "fusion_hidden_size": 16,
    "projection_dim": 24,
    "vocab_size": 100,
    "text_hidden_size": 64,
    "text_num_hidden_layers": 2,
    "text_num_attention_heads": 1,
    "text_intermediate_size": 128,
    "max_position_embeddings": 12,
    "bos_token_id": 98,
    "eos_token_id": 99,
}


def make(seed=0, **config) -> LSeg:
    torch.manual_seed(seed)
    model = LSeg(LSegConfig(**SMALL | config)).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.2 + 0.01)
                if tensor.ndim > 1:
                    tensor -= 0.1
    return model


def ids(n: int, seed=1) -> torch.Tensor:
    """Texts of 3 to 6 tokens, padded behind their end."""
    generator = torch.Generator().manual_seed(seed)
    rows = torch.zeros(n, 8, dtype=torch.int64)
    for i in range(n):
        length = 3 + i % 4
        rows[i, 0], rows[i, length] = 98, 99
        rows[i, 1:length] = torch.randint(1, 98, (length - 1,), generator=generator)
    return rows


def published_names() -> dict[str, torch.Size]:
    """Of `demo_e200.ckpt` (ViT-L/16, text of ViT-B/32), from the layers that its code builds, without storage."""
    shapes: dict[str, tuple[int, ...]] = {
        "clip_pretrained.positional_embedding": (77, 512),
        "clip_pretrained.text_projection": (512, 512),
        "clip_pretrained.logit_scale": (),
        "clip_pretrained.token_embedding.weight": (49_408, 512),
        "clip_pretrained.visual.class_embedding": (768,),
        "clip_pretrained.visual.conv1.weight": (768, 3, 32, 32),
        "clip_pretrained.visual.transformer.resblocks.0.attn.in_proj_weight": (2304, 768),
        "pretrained.model.cls_token": (1, 1, 1024),
        "pretrained.model.pos_embed": (1, 577, 1024),
        "scratch.head1.weight": (512, 256, 1, 1),
        "scratch.head1.bias": (512,),
    }

    def linear(name: str, *weight: int, bias: bool = True) -> None:
        shapes[f"{name}.weight"] = weight
        if bias:
            shapes[f"{name}.bias"] = weight[:1]

    for name in ("clip_pretrained.ln_final",):
        linear(name, 512)
    for i in range(12):
        block = f"clip_pretrained.transformer.resblocks.{i}"
        shapes |= {f"{block}.attn.in_proj_weight": (1536, 512), f"{block}.attn.in_proj_bias": (1536,)}
        for name, *weight in (("attn.out_proj", 512, 512), ("ln_1", 512), ("ln_2", 512)):
            linear(f"{block}.{name}", *weight)
        linear(f"{block}.mlp.c_fc", 2048, 512)
        linear(f"{block}.mlp.c_proj", 512, 2048)
    linear("pretrained.model.patch_embed.proj", 1024, 3, 16, 16)
    linear("pretrained.model.norm", 1024)
    linear("pretrained.model.head", 1000, 1024)
    for i in range(24):
        block = f"pretrained.model.blocks.{i}"
        for name, *weight in (("norm1", 1024), ("norm2", 1024), ("attn.qkv", 3072, 1024), ("attn.proj", 1024, 1024)):
            linear(f"{block}.{name}", *weight)
        linear(f"{block}.mlp.fc1", 4096, 1024)
        linear(f"{block}.mlp.fc2", 1024, 4096)
    necks = (256, 512, 1024, 1024)
    for i, channels in enumerate(necks, 1):
        linear(f"pretrained.act_postprocess{i}.0.project.0", 1024, 2048)
        linear(f"pretrained.act_postprocess{i}.3", channels, 1024, 1, 1)
        shapes[f"scratch.layer{i}_rn.weight"] = (256, channels, 3, 3)
        linear(f"scratch.refinenet{i}.out_conv", 256, 256, 1, 1)
        for unit in ("resConfUnit1", "resConfUnit2"):
            for j in (1, 2):
                linear(f"scratch.refinenet{i}.{unit}.conv{j}", 256, 256, 3, 3, bias=False)
                norm = f"scratch.refinenet{i}.{unit}.bn{j}"
                linear(norm, 256)
                shapes |= {f"{norm}.running_mean": (256,), f"{norm}.running_var": (256,)}
                shapes[f"{norm}.num_batches_tracked"] = ()
    linear("pretrained.act_postprocess1.4", 256, 256, 4, 4)
    linear("pretrained.act_postprocess2.4", 512, 512, 2, 2)
    linear("pretrained.act_postprocess4.4", 1024, 1024, 3, 3)
    return {f"net.{name}": torch.Size(shape) for name, shape in shapes.items()}


def test_published_weights_fit_strictly():
    """All that the model has is in the file, and all that it has not is on the list of what is of no use."""
    with torch.device("meta"):
        state = {name: torch.empty(shape) for name, shape in published_names().items()}
        model = from_published(state)
    assert model.config.hooks == (5, 11, 17, 23)
    assert model.config.reassemble_factors == (4, 2, 1, 0.5)
    assert (model.config.num_attention_heads, model.config.text_num_attention_heads) == (16, 8)
    assert (model.config.image_size, model.config.eos_token_id) == (384, 49_407)


def small_published(model: LSeg) -> dict[str, torch.Tensor]:
    more = {"pretrained.model.norm.weight": torch.ones(64), "clip_pretrained.logit_scale": torch.ones(())}
    more["clip_pretrained.visual.proj"] = torch.ones(3, 3)
    return {f"net.{name}": tensor for name, tensor in {**model.state_dict(), **more}.items()}


def test_weights_come_back_as_they_were():
    model = make()
    again = from_published(small_published(model), bos_token_id=98, hooks=(0, 1, 2, 3)).eval()
    pixels = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        assert torch.equal(model(ids(3), pixels).logits, again(ids(3), pixels).logits)


def test_a_lightning_file_becomes_a_folder_that_opens(tmp_path, monkeypatch):
    """A small one of the same names, as Lightning writes it."""
    vocab = {"[PAD]": 0, "[UNK]": 1, "[MASK]": 2, **{f"w{i}": i for i in range(3, 98)}, "[CLS]": 98, "[SEP]": 99}
    BertTokenizer(vocab=vocab, sep_token="[SEP]", eos_token="[SEP]", bos_token="[CLS]").save_pretrained(tmp_path / "t")
    model = make(num_hidden_layers=4)
    file, out = tmp_path / "demo.ckpt", tmp_path / "out"
    torch.save({"epoch": 200, "state_dict": small_published(model)}, file)
    monkeypatch.setattr(sys, "argv", ["published", str(file), "--tokenizer", str(tmp_path / "t"), "--out", str(out)])
    published.main()
    opened = load(str(out), Context())
    assert (opened.info.architecture, opened.info.compares) == ("LSeg", ("text",))
    assert not [note for note in opened.info.notes if "not used" in note]
    for name, tensor in model.state_dict().items():
        assert torch.equal(opened.net.state_dict()[name], tensor)


@pytest.mark.parametrize("change", ["missing", "unknown", "shape", "none"])
def test_other_weights_are_refused_by_name(change):
    state = small_published(make())
    if change == "missing":
        del state["net.scratch.refinenet2.resConfUnit1.bn1.weight"]
        match = "1 tensor is missing .scratch.refinenet2.resConfUnit1.bn1.weight"
    elif change == "unknown":
        state["net.scratch.head_block.depthwise.depthwise.weight"] = torch.ones(1, 1, 3, 3)
        match = "1 is not known .scratch.head_block"
    elif change == "shape":
        state["net.scratch.layer3_rn.weight"] = torch.ones(16, 31, 3, 3)
        match = "scratch.layer3_rn.weight is .16, 31, 3, 3., not .16, 32, 3, 3."
    else:
        state, match = {}, "patch_embed.proj.weight is missing"
    with pytest.raises(ValueError, match=match):
        from_published(state, bos_token_id=98)


def test_the_list_of_what_is_of_no_use_names_nothing_that_is_used():
    assert not [name for name in make().state_dict() for one in UNUSED if re.fullmatch(one, name)]


def as_dpt(model: LSeg) -> DPTForSemanticSegmentation:
    """transformers' DPT with the weights of our image tower and decoder."""
    c = model.config
    config = DPTConfig(
        hidden_size=c.hidden_size,
        num_hidden_layers=c.num_hidden_layers,
        num_attention_heads=c.num_attention_heads,
        intermediate_size=c.intermediate_size,
        layer_norm_eps=c.layer_norm_eps,
        image_size=c.image_size,
        patch_size=c.patch_size,
        backbone_out_indices=list(c.hooks),
        neck_hidden_sizes=list(c.neck_hidden_sizes),
        reassemble_factors=list(c.reassemble_factors),
        fusion_hidden_size=c.fusion_hidden_size,
        use_batch_norm_in_fusion_residual=True,
        use_auxiliary_head=False,
    )
    dpt = DPTForSemanticSegmentation(config).eval()
    ours, state, unseen = model.state_dict(), {}, set(dpt.state_dict())
    parts = {"cls_token": "cls_token", "position_embeddings": "pos_embed"}
    parts |= {f"patch_embeddings.projection.{kind}": f"patch_embed.proj.{kind}" for kind in ("weight", "bias")}
    for theirs, name in parts.items():
        state[f"dpt.embeddings.{theirs}"] = ours[f"pretrained.model.{name}"]
    names = {"attention.output.dense": "attn.proj", "intermediate.dense": "mlp.fc1", "output.dense": "mlp.fc2"}
    names |= {"layernorm_before": "norm1", "layernorm_after": "norm2"}
    for i in range(c.num_hidden_layers):
        for kind in ("weight", "bias"):
            block = f"pretrained.model.blocks.{i}"
            for theirs, name in names.items():
                state[f"dpt.encoder.layer.{i}.{theirs}.{kind}"] = ours[f"{block}.{name}.{kind}"]
            thirds = ours[f"{block}.attn.qkv.{kind}"].chunk(3)
            for part, third in zip(("query", "key", "value"), thirds, strict=True):
                state[f"dpt.encoder.layer.{i}.attention.attention.{part}.{kind}"] = third
    for i in range(1, 5):
        place, post = f"neck.reassemble_stage.layers.{i - 1}", f"pretrained.act_postprocess{i}"
        fused, refine = f"neck.fusion_stage.layers.{4 - i}", f"scratch.refinenet{i}"
        state[f"neck.convs.{i - 1}.weight"] = ours[f"scratch.layer{i}_rn.weight"]
        for kind in ("weight", "bias"):
            readout = f"neck.reassemble_stage.readout_projects.{i - 1}.0.{kind}"
            state[readout] = ours[f"{post}.0.project.0.{kind}"]
            state[f"{place}.projection.{kind}"] = ours[f"{post}.3.{kind}"]
            if i != 3:
                state[f"{place}.resize.{kind}"] = ours[f"{post}.4.{kind}"]
            state[f"{fused}.projection.{kind}"] = ours[f"{refine}.out_conv.{kind}"]
        for j in (2,) if i == 4 else (1, 2):
            unit = f"{refine}.resConfUnit{j}"
            for k in (1, 2):
                state[f"{fused}.residual_layer{j}.convolution{k}.weight"] = ours[f"{unit}.conv{k}.weight"]
                for kind in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                    state[f"{fused}.residual_layer{j}.batch_norm{k}.{kind}"] = ours[f"{unit}.bn{k}.{kind}"]
    dpt.load_state_dict(state, strict=False)
    left = {name for name in unseen - set(state) if not name.startswith(("head.", "dpt.layernorm."))}
    assert all(name.startswith("neck.fusion_stage.layers.0.residual_layer1.") for name in left), left
    return dpt


def test_tower_and_decoder_are_dpt():
    """What is fused of the same weights is what transformers' DPT fuses (there of squares only)."""
    model = make(3)
    dpt = as_dpt(model)
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        states = dpt.dpt(pixels, output_hidden_states=True).hidden_states
        states = [states[hook + 1] for hook in model.config.hooks]
        for ours, theirs in zip(model.pretrained.model(pixels), states, strict=True):
            torch.testing.assert_close(ours, theirs)
        fused = dpt.neck(states)[-1]
        torch.testing.assert_close(model.features(pixels), fused)


def test_text_tower_is_clip():
    model = make(4)
    c = model.config
    config = CLIPTextConfig(
        vocab_size=c.vocab_size,
        hidden_size=c.text_hidden_size,
        intermediate_size=c.text_intermediate_size,
        num_hidden_layers=c.text_num_hidden_layers,
        num_attention_heads=c.text_num_attention_heads,
        max_position_embeddings=c.max_position_embeddings,
        projection_dim=c.projection_dim,
        eos_token_id=99,
        bos_token_id=98,
        pad_token_id=0,
    )
    clip = CLIPTextModelWithProjection(config).eval()
    ours = model.clip_pretrained.state_dict()
    state = {
        "text_model.embeddings.token_embedding.weight": ours["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": ours["positional_embedding"],
        "text_projection.weight": ours["text_projection"].T,
    }
    names = {"self_attn.out_proj": "attn.out_proj", "layer_norm1": "ln_1", "layer_norm2": "ln_2"}
    names |= {"mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}
    for kind in ("weight", "bias"):
        state[f"text_model.final_layer_norm.{kind}"] = ours[f"ln_final.{kind}"]
        for i in range(c.text_num_hidden_layers):
            block, layer = f"transformer.resblocks.{i}", f"text_model.encoder.layers.{i}"
            for theirs, name in names.items():
                state[f"{layer}.{theirs}.{kind}"] = ours[f"{block}.{name}.{kind}"]
            for part, third in zip("qkv", ours[f"{block}.attn.in_proj_{kind}"].chunk(3), strict=True):
                state[f"{layer}.self_attn.{part}_proj.{kind}"] = third
    clip.load_state_dict(state)
    with torch.inference_mode():
        wanted = clip(input_ids=ids(5)).text_embeds
        torch.testing.assert_close(model.clip_pretrained(ids(5)), wanted)


@pytest.mark.parametrize("head", ["", "bottleneck", "depthwise"])
def test_labels_in_another_order_have_the_same_maps(head):
    model = make(5, head_block=head, block_depth=2)
    pixels, texts = torch.randn(1, 3, 64, 96), ids(6)
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    with torch.inference_mode():
        maps, permuted = model(texts, pixels).logits, model(texts[order], pixels).logits
    assert maps.shape == (1, 6, 64, 96)
    torch.testing.assert_close(permuted, maps[:, order])


def test_an_uneven_number_of_patches_is_read_too():
    with torch.inference_mode():
        result = make(6)(ids(2), torch.randn(1, 3, 80, 48))
    assert result.logits.shape == (1, 2, 80, 48)
    torch.testing.assert_close(result.pixel_embeds.norm(dim=1), torch.ones(1, 40, 24))


def test_more_labels_change_nothing_for_the_others():
    model, pixels = make(7), torch.randn(1, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(model(ids(5), pixels).logits[:, :3], model(ids(5)[:3], pixels).logits)
