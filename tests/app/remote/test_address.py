"""Addresses of machines: what is one, what could be an option of ssh, and what a shell makes of a folder."""

from __future__ import annotations

import subprocess

import pytest

from app.link.remote.address import BadAddress, MachineAddress, parse_address
from app.link.remote.ssh import remote_command
from app.window.elsewhere.hosts import keep_host, recent_hosts, settings_elsewhere
from app.window.settings import Settings, load_settings, save_settings


@pytest.mark.parametrize(
    ("text", "host", "folder"),
    [
        ("ssh://gpu1", "gpu1", ""),
        (" gpu1 ", "gpu1", ""),
        ("ssh://lab@gpu1.example.org:~/my headlight", "lab@gpu1.example.org", "~/my headlight"),
        ("ssh://[fe80::1]:/opt/x", "[fe80::1]", "/opt/x"),
    ],
)
def test_an_address_is_a_machine_and_perhaps_a_folder(text, host, folder):
    address = parse_address(text)
    assert address == MachineAddress(host, folder)
    assert parse_address(address.text) == address
    assert address.target == host.strip("[]")


@pytest.mark.parametrize(
    "text",
    [
        "", "ssh://", "ssh://-oProxyCommand=x", "-oProxyCommand=x", "ssh://a b", "ssh://gpu1/folder",
        "ssh://gpu1:22", "ssh://gpu1:22/x", "ssh://rechner-ä",
        "ssh://gpu1:-x", "ssh://gpu1:a\nb", "ssh://u@-x", "ssh://-u@x", "ssh://gpu1;ls", "ssh://$(ls)",
        "ssh://" + "a" * 2000,
        "ssh://a@b@c", "ssh://gpu1:\x1b[0m", "https://gpu1",
    ],
)  # fmt: skip
def test_what_is_none_is_refused_in_a_sentence(text):
    with pytest.raises(BadAddress, match=r"\.$"):
        parse_address(text)


@pytest.mark.parametrize("name", ["it's here", "a $(touch x) `touch x`", 'a "b" \\ ;& touch x', "~"])
def test_a_folder_is_only_a_folder_to_the_shell_there(tmp_path, name):
    (tmp_path / name / "inference" / "service").mkdir(parents=True)
    (tmp_path / name / "python3").write_text('#!/bin/sh\necho "$PWD" "$HF_HUB_OFFLINE" "$@"\n')
    (tmp_path / name / "python3").chmod(0o755)
    command = remote_command(str(tmp_path / name), ("--job",), {"HF_HUB_OFFLINE": "1"})
    environment = {"PATH": f"{tmp_path / name}:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path / name} 1 -P -m app engine --job\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_machines_are_kept_the_latest_first_and_what_is_none_is_left_out(tmp_path):
    own = tmp_path / "settings.json"
    for text in ("ssh://a", "ssh://b:x", "ssh://a"):
        keep_host(parse_address(text), own)
    assert recent_hosts(own) == ("ssh://a", "ssh://b:x")
    (tmp_path / "hosts.json").write_text('{"hosts": ["ssh://-x", 3, "ssh://c"]}')
    assert recent_hosts(own) == ("ssh://c",)


def test_a_window_elsewhere_begins_with_the_looks_of_this_machine_and_without_its_files(tmp_path):
    own = tmp_path / "settings.json"
    save_settings(Settings(theme="dark", font_scale=1.5, checkpoint="/home/me/x", recent=("/home/me/x",)), own)
    file = settings_elsewhere(parse_address("ssh://lab@gpu1:x"), own)
    settings, notice = load_settings(file)
    assert (settings.theme, settings.font_scale, settings.checkpoint, settings.recent, notice) == (
        "dark",
        1.5,
        "",
        (),
        "",
    )
    assert file.parents[2] == own.parent
    save_settings(Settings(theme="light", checkpoint="/there/y"), file)
    assert load_settings(settings_elsewhere(parse_address("ssh://lab@gpu1:x"), own))[0].checkpoint == "/there/y"
    assert settings_elsewhere(parse_address("ssh://gpu1"), own) != file
