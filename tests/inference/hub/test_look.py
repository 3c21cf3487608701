"""What a repository is, is told before any of its weights come."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx2
import pytest
from huggingface_hub import constants, get_session
from huggingface_hub.errors import OfflineModeIsEnabled

import inference
from inference.checkpoints.hub import client
from inference.checkpoints.hub.client import cache_folder
from inference.checkpoints.hub.look import repo
from inference.checkpoints.inspection import inspect
from inference.context import Context, Refused
from inference.results.hub import RepoRequest
from tests.fake_hub import Repo, commit_of
from tests.hub_fixtures import MINI


def look(address=MINI, revision="", parts=None):
    return repo(RepoRequest(address, revision), Context(lambda event: parts is not None and parts.append(event)))


def test_it_has_the_views_that_it_has_on_disk(fake_hub):
    parts = []
    found = look(parts=parts)
    on_disk = inspect("bert-mini")
    assert found.info == replace(on_disk, checkpoint=MINI, name=MINI)
    assert (found.licence, found.kind, found.gated, found.weights) == ("apache-2.0", "bert", False, "safetensors")
    assert found.commit == commit_of(MINI, "main")
    assert found.folder == ""
    first = next(part.result for part in parts if hasattr(part, "result"))
    assert (first.n_bytes, first.is_whole, first.info) == (found.n_bytes, False, None)


def test_only_the_beginning_of_the_weights_comes(fake_hub):
    look()
    (asked,) = {(one.host, one.range) for one in fake_hub.sent("model.safetensors") if one.host == "cdn"}
    assert asked == ("cdn", "bytes=0-131071")
    assert not fake_hub.sent("pytorch_model.bin")
    assert not cache_folder().exists()


def test_a_page_of_a_version_is_read(fake_hub):
    fake_hub.repos[MINI].revisions = ("main", "v1")
    assert look(f"{fake_hub.url}/{MINI}/tree/v1").commit == commit_of(MINI, "v1")
    with pytest.raises(Refused, match=f"{MINI} has no version 'v2'"):
        look(f"{MINI}@v2")


def test_what_is_not_there_or_not_given_out_is_said(fake_hub, tmp_path):
    with pytest.raises(Refused, match="There is no headlight/nothing on the hub, or it is private"):
        look("headlight/nothing")
    fake_hub.repos[MINI].gated = "manual"
    with pytest.raises(Refused, match=f"{MINI} is gated: agree to its terms at {fake_hub.url}/{MINI}"):
        look()


def test_a_token_opens_what_is_gated_and_does_not_leave_the_hub(fake_hub, tmp_path, monkeypatch):
    fake_hub.repos[MINI].gated = "manual"
    monkeypatch.setenv("HEADLIGHT_HUB_TOKEN_FOR", fake_hub.url)
    (tmp_path / "token").write_text(fake_hub.known)
    with pytest.raises(Refused, match="your account was not let in so far"):
        look()
    (tmp_path / "token").write_text(fake_hub.token)
    found = look()
    assert found.gated
    assert found.info is not None
    assert {one.token for one in fake_hub.asked if one.host == "hub"} == {fake_hub.known, fake_hub.token}
    assert {one.token for one in fake_hub.asked if one.host == "cdn"} == {""}


@pytest.mark.parametrize("address", ["https://127.0.0.1/x", "http://127.0.0.1:1/x", "http://else.where/x"])
def test_a_token_is_taken_from_whatever_goes_elsewhere(fake_hub, monkeypatch, address):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    for url, token in ((fake_hub.url, "Bearer x"), (address, None)):
        request = httpx2.Request("GET", url, headers={"Authorization": "Bearer x"})
        client._judge(request)
        assert request.headers.get("authorization") == token


def test_no_token_goes_to_a_hub_that_the_user_did_not_name(fake_hub, tmp_path):
    (tmp_path / "token").write_text(fake_hub.token)
    look()
    assert {one.token for one in fake_hub.asked} == {""}


def test_only_pickles_can_not_be_opened(fake_hub):
    del fake_hub.repos[MINI].files["model.safetensors"]
    found = look()
    assert (found.weights, found.info) == ("pickle", None)
    assert "only as pickles, which can run code" in found.why_not


def test_what_headlight_cannot_read_is_said_with_the_id(fake_hub):
    config = json.loads(fake_hub.repos[MINI].files["config.json"])
    fake_hub.repos[MINI].files["config.json"] = json.dumps(config | {"model_type": "no_such"}).encode()
    assert "no_such" in look().why_not


def test_a_header_that_lies_is_refused(fake_hub):
    weights = fake_hub.repos[MINI].files["model.safetensors"]
    fake_hub.repos[MINI].files["model.safetensors"] = weights[:-1000]
    assert look().why_not == "model.safetensors is cut off: its last 1,000 bytes are missing."


def test_sharded_weights_are_read_by_their_headers(fake_hub):
    files = fake_hub.repos[MINI].files
    header = json.loads(files["model.safetensors"][8 : 8 + int.from_bytes(files["model.safetensors"][:8], "little")])
    shard = "model-00001-of-00001.safetensors"
    files[shard] = files.pop("model.safetensors")
    names = {name: shard for name in header if name != "__metadata__"}
    files["model.safetensors.index.json"] = json.dumps({"weight_map": names}).encode()
    assert look().info is not None


def test_the_only_weights_may_have_a_name_of_their_own(fake_hub):
    files = fake_hub.repos[MINI].files
    files["bert.safetensors"] = files.pop("model.safetensors")
    assert look().info is not None


def test_without_network_it_says_so_at_once(fake_hub, monkeypatch):
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:1")
    with pytest.raises(Refused, match=r"127\.0\.0\.1:1 cannot be reached: there is no network"):
        look()
    monkeypatch.setattr(inference, "IS_OFFLINE_WISHED", True)
    with pytest.raises(Refused, match="HF_HUB_OFFLINE is set"):
        look()


def test_the_network_may_be_asked_only_while_the_hub_is(fake_hub):
    look()
    n_asked = len(fake_hub.asked)
    with pytest.raises(OfflineModeIsEnabled):
        get_session().get(fake_hub.url)
    assert len(fake_hub.asked) == n_asked


def test_a_busy_hub_is_not_asked_again(fake_hub):
    fake_hub.busy, fake_hub.retry_after = 100, "17"
    with pytest.raises(Refused, match="asks to wait 17 seconds"):
        look()
    assert len(fake_hub.asked) == 1


def test_what_is_no_hub_is_said(fake_hub, monkeypatch):
    monkeypatch.setattr(fake_hub, "repos", {MINI: Repo({})})
    with pytest.raises(Refused, match="holds no files"):
        look()
