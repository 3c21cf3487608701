"""MusicGen's attentions are transformers' own, behind the start token alone and behind a sound."""

from __future__ import annotations

import wave

import numpy as np
import pytest
import torch
import transformers as tf
from safetensors.torch import load_file, save_file

from inference.context import Context, Refused
from inference.forward.opening import load
from inference.results.inputs import Input, SoundInput, TextInput
from tests.inference.captured import CLOSE

TEXT = TextInput(token_ids=(5, 9, 30, 1))
N_CODES, START, N_MELODY = 5, 64, 7  # EnCodec's, for 1.5 kbit/s in 50 steps a second


def net_of(kind: str, bandwidth: float = 1.5) -> tf.PreTrainedModel:
    torch.manual_seed(0)
    text = tf.T5Config(vocab_size=200, d_model=24, d_kv=6, d_ff=32, num_layers=2, num_heads=4)
    listener = tf.EncodecConfig(
        target_bandwidths=[bandwidth],
        sampling_rate=32_000,
        num_filters=4,
        upsampling_ratios=[8, 5, 4, 4],
        codebook_size=START,
        codebook_dim=16,
        hidden_size=16,
        num_lstm_layers=1,
    )
    n_channels = 2 if kind == "stereo" else 1
    decoder = {
        "vocab_size": START,
        "hidden_size": 32,
        "ffn_dim": 48,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_codebooks": N_CODES * n_channels,
        "audio_channels": n_channels,
        "pad_token_id": START,
        "bos_token_id": START,
    }
    parts = {"text_encoder": text.to_dict(), "audio_encoder": listener.to_dict(), "decoder": decoder}
    if kind == "melody":
        config = tf.MusicgenMelodyConfig(**parts, chroma_length=N_MELODY)
        net = tf.MusicgenMelodyForConditionalGeneration(config)
    else:
        net = tf.MusicgenForConditionalGeneration(tf.MusicgenConfig(**parts))
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                parameter.mul_(2)  # so that no pattern is flat
    return net.eval()


def in_order(codes: torch.Tensor) -> torch.Tensor:
    """[codebook, 1 + step]: the start token, then each codebook a step later than the one before."""
    n_books, n_steps = codes.shape
    laid_out = torch.full((n_books, 1 + n_steps), START)
    for book, row in enumerate(codes):
        delay = book * N_CODES // n_books  # left and right together
        laid_out[book, 1 + delay :] = row[: n_steps - delay]
    return laid_out


@pytest.mark.parametrize("kind", ["mono", "stereo", "melody"])
@pytest.mark.parametrize("sound", [None, SoundInput(seed=1)])
def test_it_attends_as_in_transformers(kind, sound, tmp_path):
    net_of(kind).save_pretrained(tmp_path)
    model = load(str(tmp_path), Context())
    assert not [note for note in model.info.notes if "not used" in note or "lack" in note]
    run = model.run(Input(text=TEXT, sound=sound), Context())

    reference = net_of(kind)
    reference.set_attn_implementation("eager")
    written = torch.full((reference.config.decoder.num_codebooks, 1), START)
    if sound is not None:
        with torch.no_grad():
            codes = reference.audio_encoder.encode(run.encoded.tensors["input_values"]).audio_codes[0, 0]
        assert codes.shape == (N_CODES, 100)  # 2 s
        written = in_order(codes.repeat_interleave(len(written) // N_CODES, 0))
    with torch.no_grad():
        given = {"input_ids": torch.tensor([TEXT.token_ids]), "decoder_input_ids": written}
        output = reference(**given, output_attentions=True)
        encoder = reference.text_encoder(given["input_ids"], output_attentions=True).attentions
        plain = model.family.output(model.net, run.encoded.tensors).logits
    torch.testing.assert_close(plain, output.logits, atol=CLOSE, rtol=CLOSE)
    expected = {"encoder": encoder}
    if kind == "melody":
        expected["decoder"] = output.attentions
    else:
        expected |= {"decoder": output.decoder_attentions, "decoder_to_encoder": output.cross_attentions}
    assert [group.name for group in model.info.groups] == [*expected]
    for group in model.info.groups:
        for layer, call in model.each_call(run, group.name, Context()):
            torch.testing.assert_close(call.patterns(), expected[group.name][layer][0], atol=CLOSE, rtol=0)


def test_steps_are_named_by_when_they_begin(tmp_path):
    net_of("melody").save_pretrained(tmp_path)
    model = load(str(tmp_path), Context())
    words = model.run(Input(text=TEXT, sound=SoundInput()), Context()).encoded.sequences["all"].words
    n_before = N_MELODY + len(TEXT.token_ids or ())
    assert words[0] == "melody 1"
    assert words[n_before : n_before + 3] == ("start", "0.00 s", "0.02 s")
    assert len(words) == n_before + 1 + 100


def test_weights_under_the_names_of_older_versions_open(tmp_path):
    net_of("mono").save_pretrained(tmp_path)
    before = load_file(tmp_path / "model.safetensors")
    renamed = {
        name.replace("parametrizations.weight.original0", "weight_g").replace(
            "parametrizations.weight.original1", "weight_v"
        ): tensor
        for name, tensor in before.items()
    }
    assert renamed.keys() != before.keys()
    renamed["decoder.model.decoder.embed_positions.weights"] = torch.zeros(2048, 32)
    save_file(renamed, tmp_path / "model.safetensors", {"format": "pt"})
    model = load(str(tmp_path), Context())
    assert not [note for note in model.info.notes if "not used" in note]
    for name, tensor in net_of("mono").state_dict().items():
        assert torch.equal(model.net.state_dict()[name], tensor), name


def test_a_sound_of_another_rate_lasts_as_long(tmp_path):
    net_of("mono").save_pretrained(tmp_path)
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes((1000 * np.sin(np.arange(4_000) / 3)).astype("<i2").tobytes())
    run = load(str(tmp_path), Context()).run(Input(text=TEXT, sound=SoundInput(str(path))), Context())
    assert len(run.encoded.sequences["frames"]) == 1 + 25  # half a second


def test_another_number_of_codes_is_refused(tmp_path):
    net_of("mono", bandwidth=3.0).save_pretrained(tmp_path)
    with pytest.raises(Refused, match="makes 10 codes a step; its decoder reads 5"):
        load(str(tmp_path), Context()).run(Input(text=TEXT, sound=SoundInput()), Context())
