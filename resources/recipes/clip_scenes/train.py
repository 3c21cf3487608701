"""Train `clip-scenes`: a small CLIP that knows which sentence is said of which drawn scene.

    python -m resources.recipes.clip_scenes.train --state DIR
    python -m resources.recipes.clip_scenes.report --state DIR --out resources/checkpoints/clip-scenes

The image tower starts from `vit-scenes`. Every step has scenes that no other one has.

References
----------
Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision".
"""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast, ViTForImageClassification

from resources.recipes.clip_scenes.data import (
    GROUNDS,
    LONGEST,
    NOWHERE,
    PATCH,
    SEEN,
    make_tokenizer,
    pairs_at_patches,
    prompts,
    training_batch,
)
from resources.recipes.scene_data import SIDE, images
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.scene_shapes import COLOURS, KINDS
from resources.scenes import BACKGROUNDS, Scene

N_PORTRAITS, N_SCENES = 24, 24
PATCH_SCALE = 1 / 0.07
START = Path(__file__).parents[2] / "checkpoints" / "vit-scenes"


def build_model(seed: int, tokenizer: PreTrainedTokenizerFast) -> CLIPModel:
    """Images: 6 layers of 96 with 4 heads over 8 x 8 patches of 8 x 8 pixels. Texts: 2 layers of 96 with 4 heads."""
    torch.manual_seed(seed)
    tower = {"hidden_size": 96, "intermediate_size": 288, "num_attention_heads": 4, "hidden_act": "gelu"}
    ids = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    text = {"vocab_size": len(tokenizer), "num_hidden_layers": 2, "max_position_embeddings": LONGEST, **ids}
    image = {"image_size": SIDE, "patch_size": PATCH, "num_hidden_layers": 6}
    config = CLIPConfig(
        text_config=tower | text | {"projection_dim": 96},
        vision_config=tower | image | {"projection_dim": 96},
        projection_dim=96,
    )
    return CLIPModel._from_config(config, attn_implementation="sdpa")


@torch.no_grad()
def start_from(model: CLIPModel, vit: ViTForImageClassification) -> None:
    """Give the image tower what a ViT of the same shape has learned."""
    source: Any = vit.vit
    target: Any = model.vision_model
    embeddings = source.embeddings
    target.embeddings.class_embedding.copy_(embeddings.cls_token[0, 0])
    target.embeddings.patch_embedding.weight.copy_(embeddings.patch_embeddings.projection.weight)
    target.embeddings.position_embedding.weight.copy_(embeddings.position_embeddings[0])
    # CLIP's patches have no bias of their own; their places can have it.
    target.embeddings.position_embedding.weight[1:].add_(embeddings.patch_embeddings.projection.bias)
    # What CLIP normalises first keeps the size, on the mean, that the ViT's layers are used to.
    target.pre_layrnorm.weight.fill_(target.embeddings.position_embedding.weight[1:].std(-1).mean().item())
    names = {
        "attention.q_proj": "self_attn.q_proj",
        "attention.k_proj": "self_attn.k_proj",
        "attention.v_proj": "self_attn.v_proj",
        "attention.o_proj": "self_attn.out_proj",
        "layernorm_before": "layer_norm1",
        "layernorm_after": "layer_norm2",
        "mlp.fc1": "mlp.fc1",
        "mlp.fc2": "mlp.fc2",
    }
    for ours, theirs in zip(target.encoder.layers, source.layers, strict=False):
        for old, new in names.items():
            ours.get_submodule(new).load_state_dict(theirs.get_submodule(old).state_dict())
    target.post_layernorm.load_state_dict(source.layernorm.state_dict())


def encode_texts(model: CLIPModel, tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Tensor:
    """float [text, feature] of norm 1."""
    ids = tokenizer(texts, padding=True, return_tensors="pt")["input_ids"].to(model.device)
    return F.normalize(model.text_projection(model.text_model(input_ids=ids).pooler_output).float(), dim=-1)


def encode_images(model: CLIPModel, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """float [image, feature] and [image, patch, feature], of norm 1."""
    hidden = model.vision_model(pixels).last_hidden_state
    projected = model.visual_projection(model.vision_model.post_layernorm(hidden)).float()
    projected = F.normalize(projected, dim=-1)
    return projected[:, 0], projected[:, 1:]


def both_ways(logits: Tensor, is_true: Tensor) -> Tensor:
    """CLIP's loss where more than one sentence may be true of an image, and a sentence of more than one image.

    Parameters
    ----------
    logits
        [image, sentence].
    is_true
        bool [image, sentence]. Sentences that are true of no image count as wrong answers only, and so do such images.
    """
    losses = []
    for scores, wanted in ((logits, is_true), (logits.T, is_true.T)):
        wanted = wanted[has := wanted.any(-1)].float()
        losses.append(F.cross_entropy(scores[has], wanted / wanted.sum(-1, keepdim=True)))
    return sum(losses, torch.zeros(())) / 2


def truths(scenes: list[Scene], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """bool [scene, name]: which pairs of `SEEN`, kinds and colours are in a scene."""
    pairs = torch.zeros(len(scenes), len(SEEN), dtype=torch.bool)
    kinds = torch.zeros(len(scenes), len(KINDS), dtype=torch.bool)
    colours = torch.zeros(len(scenes), len(COLOURS), dtype=torch.bool)
    for i, scene in enumerate(scenes):
        for thing in scene.things:
            pairs[i, SEEN.index((thing.colour, thing.kind))] = True
            kinds[i, list(KINDS).index(thing.kind)] = True
            colours[i, list(COLOURS).index(thing.colour)] = True
    return pairs.to(device), kinds.to(device), colours.to(device)


def patch_loss(patches: Tensor, scenes: list[Scene], pairs: Tensor, kinds: Tensor, grounds: Tensor) -> Tensor:
    """What every patch shows, out of the pairs, or of the kinds, and the names of backgrounds.

    Parameters
    ----------
    patches
        [scene, patch, feature].
    pairs, kinds, grounds
        [name, feature].
    """
    shown = pairs_at_patches(scenes).to(patches.device)
    numbers = torch.full((len(COLOURS), len(KINDS)), -1, device=patches.device)
    for i, (colour, kind) in enumerate(SEEN):
        numbers[list(COLOURS).index(colour), list(KINDS).index(kind)] = i
    background = torch.tensor([list(BACKGROUNDS).index(scene.background) + 1 for scene in scenes])
    # Half of the scenes say which background it is, the others only that it is one.
    background[::2] = 0
    background = background.to(patches.device)[:, None].expand(shown.shape[:2])
    is_thing, counts = shown[..., 0] >= 0, shown[..., 0] != NOWHERE
    total = torch.zeros((), device=patches.device)
    for names, wanted in ((pairs, numbers[shown[..., 0], shown[..., 1]]), (kinds, shown[..., 1])):
        logits = PATCH_SCALE * patches @ torch.cat([names, grounds]).T
        target = torch.where(is_thing, wanted, len(names) + background)
        # Patches of things are few in scenes: they count as much as all others.
        of_things = F.cross_entropy(logits[is_thing], target[is_thing])
        of_grounds = F.cross_entropy(logits[counts & ~is_thing], target[counts & ~is_thing])
        total = total + of_things + 0.3 * of_grounds
    return total / 2


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=500, rate=2e-3)
    args = parsed(parser)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = make_tokenizer()
    model = build_model(args.seed, tokenizer)
    start_from(model, ViTForImageClassification.from_pretrained(START, dtype=torch.float32))
    model.to(device)  # pyright: ignore[reportArgumentType] (transformers' wrapper hides the type of `to`)

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        rng = random.Random(f"prompts {step}")
        batch = training_batch(step, N_PORTRAITS, N_SCENES)
        names = [" ".join(pair) for pair in SEEN], list(KINDS), [f"{colour} thing" for colour in COLOURS], list(GROUNDS)
        # Long sentences apart from short ones: what is filled up with padding is computed too.
        short = prompts([name for each in names for name in each], rng)
        n_short = len(short)
        is_short = torch.tensor([caption.count(" ") < 9 for caption in batch.captions])
        order = torch.cat([is_short.nonzero()[:, 0], (~is_short).nonzero()[:, 0]])
        first = encode_texts(model, tokenizer, short + [batch.captions[i] for i in is_short.nonzero()[:, 0]])
        rest = encode_texts(model, tokenizer, [batch.captions[i] for i in (~is_short).nonzero()[:, 0]])
        pairs, kinds, colours, grounds = first[:n_short].split([len(each) for each in names])
        captions = torch.cat([first[n_short:], rest])
        owners = batch.owners[order].to(device)
        whole, patches = encode_images(model, images(batch.scenes).to(device))
        with torch.no_grad():
            model.logit_scale.clamp_(max=math.log(100.0))  # as in the paper, section 2.5
        scale = model.logit_scale.exp()
        of_pairs, of_kinds, of_colours = truths(batch.scenes, device)
        is_told = owners == torch.arange(len(batch.scenes), device=device)[:, None]
        losses = {
            "pairs": both_ways(scale * whole @ pairs.T, of_pairs),
            "kinds": both_ways(scale * whole @ kinds.T, of_kinds),
            "colours": both_ways(scale * whole @ colours.T, of_colours),
            "captions": both_ways(scale * whole @ captions.T, is_told),
            "patches": patch_loss(patches, batch.scenes, pairs, kinds, grounds),
        }
        weights = {"pairs": 1.0, "kinds": 0.25, "colours": 0.25, "captions": 1.0, "patches": 1.0}
        with torch.no_grad():
            portraits = (whole[:N_PORTRAITS] @ pairs.T).argmax(-1)
            right = of_pairs[:N_PORTRAITS].gather(1, portraits[:, None]).float().mean().item()
            best = (whole[N_PORTRAITS:] @ captions.T).argmax(-1)
            found = (owners[best] == torch.arange(N_PORTRAITS, len(whole), device=device)).float().mean().item()
        told = {name: loss.item() for name, loss in losses.items()}
        told |= {"right": right, "found": found, "scale": scale.item()}
        total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
        return total, told

    plan = Plan(args.steps, args.rate)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".layers." in name)
    model.save_pretrained(args.state / "model")
    tokenizer.save_pretrained(args.state / "model")
    run = {"steps": plan.n_steps, "portraits": N_PORTRAITS, "scenes": N_SCENES, "seed": args.seed}
    keep_run(args.state, run)


if __name__ == "__main__":
    main()
