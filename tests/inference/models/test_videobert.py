"""VideoBERT is what its papers say: held against plain code, a word at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from inference.models.videobert.chips import levels_of, words_of
from inference.models.videobert.model import VideoBert
from inference.models.videobert.reading import ReadSequence
from tests.inference.tiny_videobert import tiny


@pytest.fixture(scope="module")
def net():
    return tiny()


def by_hand(net, ids, types, places):
    """Logits of one sequence, in plain NumPy-like code: no batch, no mask, one head after the other."""
    own = net.bert.embeddings
    rows = []
    for word, kind, place in zip(ids, types, places, strict=True):
        table = own.chip_position_embeddings if kind else own.position_embeddings
        rows.append(own.word_embeddings.weight[word] + table.weight[place] + own.token_type_embeddings.weight[kind])
    x = own.LayerNorm(torch.stack(rows))
    for layer in net.bert.encoder.layer:
        attention = layer.attention.self
        q, k, v = attention.query(x), attention.key(x), attention.value(x)
        d = q.shape[-1] // attention.num_heads
        heads = []
        for head in range(attention.num_heads):
            cut = slice(head * d, (head + 1) * d)
            weights = torch.stack(
                [torch.softmax(torch.stack([(one @ other) / d**0.5 for other in k[:, cut]]), 0) for one in q[:, cut]]
            )
            heads.append(weights @ v[:, cut])
        x = layer.attention.output(torch.cat(heads, -1), x)
        x = layer.output.LayerNorm(layer.output.dense(F.gelu(layer.intermediate.dense(x))) + x)
    head = net.cls["predictions"]
    normed = head.transform.LayerNorm(F.gelu(head.transform.dense(x)))
    words = normed @ own.word_embeddings.weight.T + head.bias
    match = net.cls["alignment"](torch.tanh(net.bert.pooler.dense(x[0])))
    return words, match


def test_words_and_alignment_are_those_of_plain_code(net):
    config = net.config
    text, chips = (2, 7, config.mask_token_id), {0: 3, 1: None, 2: 5}
    ids = [*text, config.join_token_id, config.vocab_size + 3, config.mask_token_id, config.vocab_size + 5, 3]
    with torch.inference_mode():
        read = ReadSequence.of(net, text, chips)
        words, match = by_hand(net, ids, [0, 0, 0, 0, 1, 1, 1, 0], [0, 1, 2, 3, 0, 1, 2, 4])
    torch.testing.assert_close(read.word_logits, words, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(read.match_logit, match[0], atol=1e-5, rtol=1e-4)
    assert dict(read.place_of) == {0: 4, 1: 5, 2: 6}


def test_nce_is_the_softmax_of_cosines(net):
    """Equation 3 of CBT, candidate by candidate."""
    rng = np.random.default_rng(0)
    guess, others = rng.normal(size=5), rng.normal(size=(4, 5))
    guess /= np.linalg.norm(guess)
    sharp = net.log_sharpness.exp().item()
    scores = np.array([np.exp(sharp * guess @ other / np.linalg.norm(other)) for other in others])
    with torch.inference_mode():
        found = net.nce(torch.tensor(guess[None]).float(), torch.tensor(others).float()).softmax(-1)[0]
    np.testing.assert_allclose(found.numpy(), scores / scores.sum(), rtol=1e-4)


def test_a_word_is_found_from_the_root_down():
    rng = np.random.default_rng(1)
    tree, points = rng.normal(size=(3 + 9, 4)), rng.normal(size=(40, 4))
    wanted = []
    for point in points:
        first = min(range(3), key=lambda i: ((point - tree[i]) ** 2).sum())
        second = min(range(3), key=lambda i: ((point - tree[3 + 3 * first + i]) ** 2).sum())
        wanted.append(3 * first + second)
    found = words_of(torch.tensor(points), torch.tensor(tree), 3)
    assert found.tolist() == wanted
    assert len(set(wanted)) > 4


def test_no_tree_has_so_many_means():
    with pytest.raises(ValueError, match="13 means are no tree with 3 branches"):
        levels_of(13, 3)


def test_the_model_makes_the_words_of_a_film_itself(net):
    """What it reads of pixels is what it reads of the words that they are."""
    config = net.config
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(1, config.n_chips * config.frames_a_chip, 3, 32, 32, generator=generator) * 2 - 1
    with torch.inference_mode():
        words = net.words_of_film(pixels).tolist()
        read = ReadSequence.of(net, (2, 7), dict(enumerate(words)))
        n = config.n_chips
        ids = torch.tensor([[2, 7, config.join_token_id, *[config.mask_token_id] * n, 3]])
        types, places = torch.tensor([[0, 0, 0, *[1] * n, 0]]), torch.tensor([[0, 1, 2, *range(n), 3]])
        chips = torch.tensor([-1, -1, -1, *range(n), -1])
        output = net(ids, types, places, pixel_values=pixels, chip_places=chips)
    torch.testing.assert_close(output.word_logits[0], read.word_logits)


def test_vectors_are_read_in_place_of_words(net):
    vectors = torch.randn(net.config.n_chips, net.config.n_vector, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        one = ReadSequence.of(net, (2, 7), {0: 1, 1: None}, vectors)
        other = ReadSequence.of(net, (2, 7), {0: 2, 1: None}, vectors)
        as_word = ReadSequence.of(net, (2, 7), {0: 1, 1: None})
    torch.testing.assert_close(one.vectors, other.vectors)  # whatever word stands there
    assert not torch.allclose(one.vectors, as_word.vectors)


def test_it_is_kept_and_read_back(net, tmp_path):
    net.save_pretrained(tmp_path)
    again = VideoBert.from_pretrained(tmp_path).eval()
    assert torch.equal(again.chips.pictures, net.chips.pictures)
    with torch.inference_mode():
        torch.testing.assert_close(
            ReadSequence.of(again, (2, 7), {0: 1}).word_logits, ReadSequence.of(net, (2, 7), {0: 1}).word_logits
        )
