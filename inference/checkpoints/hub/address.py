"""What a user types or pastes to name a checkpoint on the hub, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from inference.context import Refused

MAIN = "main"
_PUBLIC = ("huggingface.co", "hf.co")
_PAGES = ("tree", "blob", "resolve", "raw", "commit", "commits")
_NOT_MODELS = {"datasets": "a data set", "spaces": "a space", "kernels": "a kernel", "buckets": "a bucket"}
_NOT_REPOS = {"docs", "papers", "blog", "collections", "settings", "models", "organizations", "api", "join", "login"}
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?")
_REVISION = re.compile(r"[A-Za-z0-9][\w./+-]*", re.ASCII)
_MOST_LETTERS = 96  # of an id, as the hub allows
_SCHEMES = ("https", "http", "hf")


@dataclass(frozen=True)
class Address:
    """A repository of models and a version of it.

    Attributes
    ----------
    revision
        Branch, tag or commit; empty where none is named.
    """

    repo: str
    revision: str = ""


def read_address(text: str, own_host: str = "") -> Address:
    """The repository that an id, an id with `@` and a version, or the address of a page names.

    Parameters
    ----------
    own_host
        Host of the hub that is asked, where that is not the public one.

    Raises
    ------
    Refused
        It names no repository of models; one sentence that says what it is instead.
    """
    text = text.strip()
    if not text:
        raise Refused("Type the id of a checkpoint, such as google-bert/bert-base-uncased, or paste its address.")
    scheme, found, rest = text.partition("://")
    if not found:
        host = text.partition("/")[0].lower().removeprefix("www.")
        if host in _PUBLIC or (own_host and host == own_host):
            scheme, rest = "https", text
        else:
            return _named(text)
    if scheme.lower() not in _SCHEMES:
        raise Refused(f"{_short(text)} is no address of the hub: it begins with {scheme[:20]}://.")
    if scheme.lower() == "hf":
        return _named(rest.removeprefix("models/"))
    parts = urlsplit(f"https://{rest}")
    host = parts.netloc.lower().removeprefix("www.").rpartition("@")[2]
    if host not in (*_PUBLIC, own_host):
        raise Refused(f"{_short(text)} is a page of {host or 'no host'}, not of the hub ({own_host or _PUBLIC[0]}).")
    return _of_page([unquote(part) for part in parts.path.split("/") if part], text)


def _of_page(parts: list[str], text: str) -> Address:
    if parts and parts[0] in _NOT_MODELS:
        raise Refused(f"{_short(text)} is {_NOT_MODELS[parts[0]]} of the hub, not a checkpoint.")
    if not parts or parts[0] in _NOT_REPOS:
        raise Refused(f"{_short(text)} is a page of the hub that names no checkpoint.")
    n_of_id = 1 if len(parts) == 1 or parts[1] in _PAGES else 2
    repo, page = "/".join(parts[:n_of_id]), parts[n_of_id:]
    revision = ""
    if len(page) > 1 and page[0] in _PAGES:
        revision = "/".join(page[1:4]) if page[1:3] == ["refs", "pr"] else page[1]
    return _checked(repo, revision)


def _named(text: str) -> Address:
    repo, at, revision = text.rstrip("/").partition("@")
    parts = repo.split("/")
    if len(parts) > 2 and parts[0] not in _NOT_MODELS and parts[2] in _PAGES and not at:
        return _of_page(parts, text)
    if parts[0] in _NOT_MODELS and len(parts) > 1:
        raise Refused(f"{_short(text)} is {_NOT_MODELS[parts[0]]} of the hub, not a checkpoint.")
    if at and not revision:
        raise Refused(f"{_short(text)} names no version behind the @; leave the @ out for the newest one.")
    return _checked(repo, revision)


def _checked(repo: str, revision: str) -> Address:
    parts = repo.split("/")
    if len(parts) > 2 or not all(_NAME.fullmatch(part) for part in parts) or "--" in repo or ".." in repo:
        raise Refused(
            f"{_short(repo)} is no id of the hub: one or two names of letters, digits, '-', '_' and '.', such as "
            "google-bert/bert-base-uncased."
        )
    if len(repo) > _MOST_LETTERS:
        raise Refused(f"{_short(repo)} has {len(repo):,} letters; an id of the hub has at most {_MOST_LETTERS}.")
    return Address(repo, check_revision(revision))


def check_revision(revision: str) -> str:
    """The same, if a branch, tag or commit can be named so.

    Raises
    ------
    Refused
        It cannot.
    """
    revision = revision.strip()
    if revision and (len(revision) > 200 or ".." in revision or not _REVISION.fullmatch(revision)):
        raise Refused(f"{_short(revision)} is no name of a version: a branch, a tag or a commit.")
    return revision


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:79]}…")
