"""VirTex equals torch's own decoder, reads weights with the published names, and writes from either end."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn
from transformers.modeling_outputs import BaseModelOutput

from inference.models.virtex.layers import VirTexConfig
from inference.models.virtex.model import VirTex, from_published, turned
from inference.models.virtex.resnet import ResNet

PAD, START, END = 0, 1, 2


def small(**kwargs):
    sizes = {"vocab_size": 40, "hidden_size": 128, "decoder_layers": 2, "decoder_attention_heads": 2}
    sizes |= {"decoder_ffn_dim": 64, "max_position_embeddings": 12, "image_size": 32, "resnet_depths": (1, 1, 2, 1)}
    torch.manual_seed(0)
    return VirTex(VirTexConfig(**(sizes | {"resnet_width": 4} | kwargs))).eval()


@pytest.fixture(scope="module")
def net():
    return small()


def plain_decoder(head, n_heads):
    """`torch.nn.TransformerDecoder` with the same weights."""
    layers = head.transformer.layers
    d, d_mlp = layers[0].linear1.in_features, layers[0].linear1.out_features
    one = nn.TransformerDecoderLayer(d, n_heads, d_mlp, 0.1, "gelu", batch_first=True)
    plain = nn.TransformerDecoder(one, len(layers)).eval()
    plain.load_state_dict(head.transformer.state_dict())  # the very names
    return plain


def test_both_heads_equal_torchs_decoder(net):
    ids = torch.tensor([[START, 5, 6, 7, END, PAD], [START, 9, 8, 7, 6, 5]])
    places = torch.randn(2, 9, net.visual.cnn.d_out)
    for backward in (False, True):
        head = net.backward_textual if backward else net.textual
        x = head.embedding(ids, 0)
        mask = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).triu(1)
        wanted = plain_decoder(head, 2)(
            x, head.visual_projection(places), tgt_mask=mask, tgt_key_padding_mask=ids == PAD, tgt_is_causal=True
        )
        found = net(
            decoder_input_ids=ids, decoder_attention_mask=(ids != PAD).long(), backward=backward, use_cache=False,
            encoder_outputs=BaseModelOutput(last_hidden_state=places),
        ).logits  # fmt: skip
        real = ids != PAD
        torch.testing.assert_close(found[real], head.output(wanted)[real], atol=1e-5, rtol=1e-5)
    assert not torch.equal(net.textual.transformer.layers[0].linear1.weight,
                           net.backward_textual.transformer.layers[0].linear1.weight)  # fmt: skip


@pytest.mark.parametrize(("backward", "start", "end"), [(False, START, END), (True, END, START)])
def test_steps_with_a_cache_say_what_one_pass_says(net, backward, start, end):
    image = torch.randn(1, 3, 32, 32)
    written = net.generate(
        pixel_values=image, max_new_tokens=6, backward=backward, decoder_start_token_id=start, eos_token_id=end
    )
    whole = net(pixel_values=image, decoder_input_ids=written[:, :-1], backward=backward, use_cache=False).logits
    assert written[0, 0] == start
    assert whole.argmax(-1).tolist() == written[:, 1:].tolist()


def test_captions_are_turned_and_stay_padded_behind():
    captions = torch.tensor([[START, 5, 6, END, PAD], [START, 7, END, PAD, PAD]])
    assert turned(captions, PAD).tolist() == [[END, 6, 5, START, PAD], [END, 7, START, PAD, PAD]]


def test_the_loss_is_that_of_both_directions(net):
    image = torch.randn(2, 3, 32, 32)
    captions = torch.tensor([[START, 5, 6, END, PAD], [START, 7, 8, 9, END]])
    total = 0.0
    for backward, written in ((False, captions), (True, turned(captions, PAD))):
        logits = net(pixel_values=image, decoder_input_ids=written[:, :-1], backward=backward, use_cache=False).logits
        total += nn.functional.cross_entropy(logits.flatten(0, 1), written[:, 1:].flatten(), ignore_index=PAD).item()
    assert net(pixel_values=image, labels=captions).loss.item() == pytest.approx(total, abs=1e-5)


def published(net):
    """Weights as the published files have them: those that are shared stand there twice."""
    return {name: tensor.clone() for name, tensor in net.state_dict().items()}


def test_published_weights_are_loaded_by_their_names(net):
    state = published(small(decoder_attention_heads=2))
    read = from_published(state).eval()
    assert read.config.decoder_attention_heads == 2  # of 64, as in all of them
    assert (read.config.resnet_depths, read.config.has_backward) == ([1, 1, 2, 1], True)
    assert state.keys() == read.state_dict().keys()
    image = torch.randn(1, 3, 64, 64)
    ids = torch.tensor([[START, 4, 5]])
    torch.testing.assert_close(
        read(pixel_values=image, decoder_input_ids=ids).logits, net(pixel_values=image, decoder_input_ids=ids).logits
    )


def test_the_published_sizes_are_the_defaults():
    """R-50, one layer of 1024 (systems 6.1): 23.5 M parameters read, as torchvision's without its classes."""
    with torch.device("meta"):
        cnn = ResNet((3, 4, 6, 3))
        whole = VirTex(VirTexConfig())
    assert sum(p.numel() for p in cnn.parameters()) == 23_508_032
    assert cnn.d_out == 2048
    assert {"visual.cnn.layer4.2.bn3.running_var", "visual.cnn.layer1.0.downsample.1.weight",
            "textual.transformer.layers.0.multihead_attn.in_proj_weight", "backward_textual.output.bias",
            "textual.embedding.positions.weight"} <= whole.state_dict().keys()  # fmt: skip
    assert whole.config.stride == 32


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda s: s.pop("textual.output.bias"), "1 tensor is missing (textual.output.bias)"),
        (lambda s: s.update({"visual.cnn.fc.weight": torch.zeros(2, 2)}), "1 is not known (visual.cnn.fc"),
        (lambda s: s.pop("textual.embedding.words.weight"), "textual.embedding.words.weight is missing"),
        (lambda s: s.update({"textual.output.bias": torch.zeros(3)}), "textual.output.bias is (3,), not (40,)"),
    ],
)  # fmt: skip
def test_other_weights_are_refused_by_name(net, change, told):
    state = published(net)
    change(state)
    with pytest.raises(ValueError, match=re.escape(told)):
        from_published(state)


def test_it_is_saved_and_read_as_any_checkpoint(net, tmp_path):
    net.save_pretrained(tmp_path)
    read = VirTex.from_pretrained(tmp_path)
    assert read.backward_textual.embedding is not None
    for name, tensor in net.state_dict().items():
        assert torch.equal(read.state_dict()[name], tensor), name
    assert read.backward_textual.output.weight is read.textual.embedding.words.weight


def test_one_direction_alone_refuses_the_other(tmp_path):
    net = small(has_backward=False)
    with pytest.raises(ValueError, match="from the beginning only"):
        net(pixel_values=torch.zeros(1, 3, 32, 32), decoder_input_ids=torch.tensor([[END]]), backward=True)
    net.save_pretrained(tmp_path)
    assert not any("backward" in name for name in VirTex.from_pretrained(tmp_path).state_dict())
