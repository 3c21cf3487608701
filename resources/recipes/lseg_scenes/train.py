"""Train `lseg-scenes`: a small LSeg that says of every pixel of a drawn scene which of the given labels it shows.

    python -m resources.recipes.lseg_scenes.train --state DIR
    python -m resources.recipes.lseg_scenes.report --state DIR --out resources/checkpoints/lseg-scenes

The text tower is that of `clip-scenes`, and stays as it is; the image tower starts from `vit-scenes`.

References
----------
Li et al. 2022, "Language-driven Semantic Segmentation".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoTokenizer, CLIPModel, PreTrainedTokenizerBase, ViTForImageClassification

from inference.inputs.scene_images import thing_masks
from inference.models.lseg.model import LSeg
from inference.models.lseg.towers import LSegConfig
from resources.recipes.clip_scenes.data import GROUNDS, SEEN
from resources.recipes.scene_data import SIDE, TRAIN, images
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, HELD_OUT, Scene, make_portrait, make_scene

N_BATCH, N_PORTRAITS = 16, 2
THING_WEIGHT = 2.0
GROUND_SHARE = 0.25  # of the pixels of backgrounds that a step looks at
CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
# Their seeds lie apart from those that `clip-scenes` draws.
FIRST = TRAIN.start + 40_000_000


def build_model(seed: int, clip: CLIPModel, vit: ViTForImageClassification) -> LSeg:
    """Images: 6 layers of 96 with 4 heads over 8 x 8 patches, and a decoder of 32 channels; texts: those of a CLIP."""
    torch.manual_seed(seed)
    configs: Any = (vit.config, clip.config)
    image, text = configs[0], configs[1].text_config
    config = LSegConfig(
        image_size=SIDE,
        patch_size=image.patch_size,
        hidden_size=image.hidden_size,
        num_hidden_layers=image.num_hidden_layers,
        num_attention_heads=image.num_attention_heads,
        intermediate_size=image.intermediate_size,
        layer_norm_eps=image.layer_norm_eps,
        hooks=(*(image.num_hidden_layers * i // 3 for i in range(3)), image.num_hidden_layers - 1),
        neck_hidden_sizes=(32, 48, 64, 64),
        fusion_hidden_size=32,
        projection_dim=configs[1].projection_dim,
        vocab_size=text.vocab_size,
        text_hidden_size=text.hidden_size,
        text_num_hidden_layers=text.num_hidden_layers,
        text_num_attention_heads=text.num_attention_heads,
        text_intermediate_size=text.intermediate_size,
        text_hidden_act=text.hidden_act,
        max_position_embeddings=text.max_position_embeddings,
        output_scale=1,
        pad_token_id=text.pad_token_id,
        bos_token_id=text.bos_token_id,
        eos_token_id=text.eos_token_id,
    )
    model = LSeg._from_config(config, attn_implementation="sdpa")
    model.clip_pretrained.load_state_dict(text_tower(clip))
    model.clip_pretrained.requires_grad_(False)  # as in the paper, section 3
    missing, unknown = model.pretrained.model.load_state_dict(image_tower(vit), strict=False)
    assert not missing + unknown
    return model


def text_tower(clip: CLIPModel) -> dict[str, Tensor]:
    """The text tower of transformers' CLIP in OpenAI's names."""
    tower: Any = clip.text_model
    found = {
        "token_embedding.weight": tower.embeddings.token_embedding.weight,
        "positional_embedding": tower.embeddings.position_embedding.weight,
        "ln_final.weight": tower.final_layer_norm.weight,
        "ln_final.bias": tower.final_layer_norm.bias,
        "text_projection": clip.text_projection.weight.T,
    }
    names = {"attn.out_proj": "self_attn.out_proj", "ln_1": "layer_norm1", "ln_2": "layer_norm2"}
    names |= {"mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}
    for i, layer in enumerate(tower.encoder.layers):
        for kind in ("weight", "bias"):
            of = [layer.self_attn.get_submodule(f"{part}_proj").get_parameter(kind) for part in "qkv"]
            found[f"transformer.resblocks.{i}.attn.in_proj_{kind}"] = torch.cat(of)
            for ours, theirs in names.items():
                found[f"transformer.resblocks.{i}.{ours}.{kind}"] = layer.get_submodule(theirs).get_parameter(kind)
    return found


def image_tower(vit: ViTForImageClassification) -> dict[str, Tensor]:
    """The layers of transformers' ViT in timm's names."""
    tower: Any = vit.vit
    embeddings = tower.embeddings
    found = {
        "cls_token": embeddings.cls_token,
        "pos_embed": embeddings.position_embeddings,
        "patch_embed.proj.weight": embeddings.patch_embeddings.projection.weight,
        "patch_embed.proj.bias": embeddings.patch_embeddings.projection.bias,
    }
    names = {"attn.proj": "attention.o_proj", "norm1": "layernorm_before", "norm2": "layernorm_after"}
    names |= {"mlp.fc1": "mlp.fc1", "mlp.fc2": "mlp.fc2"}
    for i, layer in enumerate(tower.layers):
        for kind in ("weight", "bias"):
            of = [layer.attention.get_submodule(f"{part}_proj").get_parameter(kind) for part in "qkv"]
            found[f"blocks.{i}.attn.qkv.{kind}"] = torch.cat(of)
            for ours, theirs in names.items():
                found[f"blocks.{i}.{ours}.{kind}"] = layer.get_submodule(theirs).get_parameter(kind)
    return found


def training_scenes(step: int) -> list[Scene]:
    """The scenes of a step and some portraits, none with a pair that is held out."""
    first = FIRST + step * N_BATCH
    portraits = []
    for seed in range(first, first + N_BATCH):
        portrait = make_portrait(seed)
        if (portrait.things[0].colour, portrait.things[0].kind) not in HELD_OUT:
            portraits.append(portrait)
    scenes = [make_scene(seed) for seed in range(first, first + N_BATCH - N_PORTRAITS)]
    return portraits[:N_PORTRAITS] + scenes


def things_at_pixels(scene: Scene, side: int = SIDE) -> np.ndarray:
    """int64 [row, column]: which thing of the scene a pixel shows, or -1."""
    masks = thing_masks(scene, side)
    return np.where(masks.any(0), masks.argmax(0), -1)


def label_embeds(model: LSeg, tokenizer: PreTrainedTokenizerBase, labels: list[str]) -> Tensor:
    """float [label, projection_dim] of norm 1."""
    ids = tokenizer(labels, padding=True, return_tensors="pt")["input_ids"]
    return model.encode_texts(ids.to(model.device))  # type: ignore[union-attr]


class Labels:
    """The labels of training, encoded once: the text tower does not change."""

    def __init__(self, model: LSeg, tokenizer: PreTrainedTokenizerBase) -> None:
        with torch.no_grad():
            self.pairs = label_embeds(model, tokenizer, [" ".join(pair) for pair in SEEN])
            self.kinds = label_embeds(model, tokenizer, list(KINDS))
            self.colours = label_embeds(model, tokenizer, [f"{colour} thing" for colour in COLOURS])
            self.grounds = label_embeds(model, tokenizer, list(GROUNDS))


def pixel_loss(model: LSeg, labels: Labels, scenes: list[Scene], pixels: Tensor, step: int) -> tuple[Tensor, float]:
    """Cross-entropy of pixels among pairs, kinds, colours and backgrounds; and the share of right pairs of things.

    A scene's background is called that, or by its name, not both in one list: each would be right.
    """
    rng = np.random.default_rng(step)
    features = model.features(pixels).permute(0, 2, 3, 1)
    at, numbers, grounds = [], [], []
    for i, scene in enumerate(scenes):
        shown = things_at_pixels(scene)
        chosen = (shown >= 0) | (rng.random(shown.shape) < GROUND_SHARE)
        at.append(np.pad(np.argwhere(chosen), ((0, 0), (1, 0)), constant_values=i))
        names = [
            (SEEN.index((thing.colour, thing.kind)), list(KINDS).index(thing.kind), list(COLOURS).index(thing.colour))
            for thing in scene.things
        ]
        numbers.append(np.array([*names, (-1, -1, -1)])[shown[chosen]])
        grounds.append(0 if i % 2 else 1 + list(BACKGROUNDS).index(scene.background))
    place = torch.from_numpy(np.concatenate(at)).to(pixels.device)
    wanted = torch.from_numpy(np.concatenate(numbers)).to(pixels.device)
    ground = torch.tensor(grounds, device=pixels.device)[place[:, 0]]
    chosen_features = features[place[:, 0], place[:, 1], place[:, 2]]
    weight, bias = model.scratch.head1.weight[:, :, 0, 0], model.scratch.head1.bias
    embeds = F.normalize(F.linear(chosen_features, weight, bias).float(), dim=-1) / model.config.cosine_temperature
    to_grounds = embeds @ labels.grounds.T
    is_named = (ground > 0)[:, None]
    hidden = torch.cat([is_named, (~is_named).expand(-1, len(BACKGROUNDS))], 1)
    to_grounds = to_grounds.masked_fill(hidden, -torch.inf)
    is_thing = wanted[:, 0] >= 0
    weights = torch.where(is_thing, THING_WEIGHT, 1 / GROUND_SHARE)
    total, right = torch.zeros((), device=pixels.device), 0.0
    for column, (names, share) in enumerate(((labels.pairs, 1.0), (labels.kinds, 0.25), (labels.colours, 0.25))):
        logits = torch.cat([embeds @ names.T, to_grounds], 1)
        target = torch.where(is_thing, wanted[:, column], len(names) + ground)
        losses = F.cross_entropy(logits, target, reduction="none")
        total = total + share * (weights * losses).sum() / weights.sum()
        if not column:
            right = (logits.argmax(-1) == target)[is_thing].float().mean().item()
    return total, right


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=1_200, rate=2e-3)
    parser.add_argument("--clip", type=Path, default=CHECKPOINTS / "clip-scenes", help="whose text tower it takes")
    args = parsed(parser)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = AutoTokenizer.from_pretrained(args.clip)
    clip = CLIPModel.from_pretrained(args.clip, dtype=torch.float32)
    vit = ViTForImageClassification.from_pretrained(CHECKPOINTS / "vit-scenes", dtype=torch.float32)
    model = build_model(args.seed, clip, vit)
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)
    labels = Labels(model, tokenizer)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        scenes = training_scenes(step)
        loss, right = pixel_loss(model, labels, scenes, images(scenes).to(device), step)
        return loss, {"right": right}

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".blocks." in name)
    model.save_pretrained(args.state / "model")
    tokenizer.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "batch": N_BATCH, "portraits": N_PORTRAITS, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
