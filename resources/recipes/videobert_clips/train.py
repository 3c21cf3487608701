"""Train VideoBERT with CBT's head on drawn clips.

    python -m resources.recipes.videobert_clips.train --state DIR

It goes on from where it stopped, if there is something in `DIR`: first the network of chips, then the vectors of all
films and the words that they are sorted into, then the model.
"""

from __future__ import annotations

import random

import torch
from torch import Tensor
from torch.nn import functional as F

from inference.models.videobert.model import VideoBert, VideoBertConfig
from resources.recipes.scene_data import SIDE
from resources.recipes.training import Plan, keep_run, parsed, run_parser, train
from resources.recipes.videobert_clips.batches import NOT_ASKED, laid_out, spoken, training_rows
from resources.recipes.videobert_clips.chips import count_what_happens, make_words, train_network, training_vectors
from resources.recipes.videobert_clips.data import (
    ACTIONS,
    FRAMES_A_CHIP,
    JOIN,
    LONGEST,
    MASK,
    N_CHIPS,
    WORDS,
    make_tokenizer,
    training_clip,
)

_PAIRS = 0.5  # weight of the loss of pairs, beside those of words and of vectors


def build(seed: int) -> VideoBert:
    """The model with random weights."""
    torch.manual_seed(seed)
    return VideoBert(
        VideoBertConfig(
            vocab_size=len(WORDS),
            hidden_size=128,
            num_hidden_layers=4,
            num_attention_heads=4,
            intermediate_size=384,
            hidden_dropout_prob=0.05,
            max_position_embeddings=LONGEST,
            initializer_range=0.06,  # with BERT's 0.02 what is read in so narrow a stream is lost beside what reads it
            image_size=SIDE,
            n_chips=N_CHIPS,
            frames_a_chip=FRAMES_A_CHIP,
            actions=ACTIONS,
            mask_token_id=MASK,
            join_token_id=JOIN,
        )
    )


def main() -> None:
    """The command line."""
    parser = run_parser(__doc__, steps=4_000, rate=2e-3)
    parser.add_argument("--clips", type=int, default=10_000, help="training films")
    parser.add_argument("--network-clips", type=int, default=4_000, help="of these, those the network of chips learns")
    parser.add_argument("--network-steps", type=int, default=7_000)
    args = parsed(parser)
    n_clips, n_network = (40, 8) if args.smoke else (args.clips, args.network_clips)
    network_steps, n_steps = (3, 3) if args.smoke else (args.network_steps, args.steps)
    args.state.mkdir(parents=True, exist_ok=True)

    model = build(args.seed)
    train_network(model.chips.network, n_network, network_steps, args.state, args.seed)
    made = training_vectors(model.chips.network, n_clips, args.state)
    make_words(model.chips, made, model.config, args.seed)
    count_what_happens(model.chips, made)
    model.chips.requires_grad_(False)
    vectors = model.chips.scaled(made)
    words = model.chips.words(vectors.flatten(0, 1)).unflatten(0, vectors.shape[:2])
    said = [spoken(training_clip(i)) for i in range(n_clips)]

    def step_loss(step: int) -> tuple[Tensor, dict[str, float]]:
        losses = losses_of(model, step, said, words, vectors, args.seed)
        return torch.stack(list(losses.values())).sum(), {name: loss.item() for name, loss in losses.items()}

    plan = Plan(n_steps, args.rate, warm_up=200)
    train(model, step_loss, plan, args.state / "state.pt", is_matrix=lambda name: ".encoder." in name)
    model.eval().half().save_pretrained(args.state / "model")
    make_tokenizer().save_pretrained(args.state / "model")
    run = {"steps": n_steps, "clips": n_clips, "network_clips": n_network, "network_steps": network_steps}
    keep_run(args.state, run | {"seed": args.seed})


def losses_of(model: VideoBert, step: int, said: list, words: Tensor, vectors: Tensor, seed: int) -> dict[str, Tensor]:
    """Of what is hidden: its words, and its vectors among those of all that is hidden; and of pairs that match."""
    batch = laid_out(training_rows(step, said, seed), words, vectors, random.Random(f"hiding {seed} {step}"))
    output = model(**batch.inputs)
    logits = output.word_logits.flatten(0, 1).float()
    losses = {}
    is_asked = batch.labels.flatten() != NOT_ASKED
    if bool(is_asked.any()):
        losses["words"] = F.cross_entropy(logits[is_asked], batch.labels.flatten()[is_asked])
    if len(batch.hidden_at):
        guesses = output.chip_vectors[batch.hidden_at[:, 0], batch.hidden_at[:, 1]].float()
        losses["nce"] = F.cross_entropy(model.nce(guesses, batch.hidden_vectors), torch.arange(len(guesses)))
    is_pair = batch.matches != NOT_ASKED
    if bool(is_pair.any()):
        losses["pairs"] = _PAIRS * F.binary_cross_entropy_with_logits(
            output.match_logits[is_pair].float(), batch.matches[is_pair].float()
        )
    return losses


if __name__ == "__main__":
    main()
