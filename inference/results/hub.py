"""Checkpoints of the Hugging Face hub: those in its cache on this machine, and those that can be fetched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from inference.results.checkpoint import CheckpointInfo
from inference.results.job import JobRequest


@dataclass(frozen=True, slots=True)
class CachedRequest(JobRequest["CachedResult"]):
    """Which checkpoints lie in the hub's cache. Nothing is asked of the network."""

    is_light: ClassVar[bool] = True

    @property
    def title(self) -> str:
        return "List of the hub's cache"


@dataclass(frozen=True, slots=True)
class CachedRevision:
    """One version of a repository in the cache.

    Attributes
    ----------
    repo
        Its id on the hub, such as `google/bert_uncased_L-2_H-128_A-2`.
    commit
        Of the version, 40 hexadecimal digits.
    refs
        Names that stand for it, such as `main`.
    folder
        Where its files lie; what is opened.
    n_bytes
        Of its files on disk, also of those that it shares with another version.
    kind
        What config.json says it is, such as `bert`; empty where there is none.
    changed
        When a file of it came last, in seconds since 1970.
    why_not
        Why Headlight cannot open it, in one sentence; empty where nothing speaks against it.
    can_convert
        Whether it could after its weights were converted.
    file
        The GGUF file that would be converted then; empty for pickles.
    """

    repo: str
    commit: str
    refs: tuple[str, ...]
    folder: str
    n_bytes: int
    kind: str
    changed: float
    why_not: str
    can_convert: bool = False
    file: str = ""

    @property
    def version(self) -> str:
        """What the user calls the version: a branch or tag, else the beginning of its commit."""
        return self.refs[0] if self.refs else self.commit[:8]


@dataclass(frozen=True, slots=True)
class CachedResult:
    """What lies in the cache.

    Attributes
    ----------
    place
        The folder of the cache.
    revisions
        By repository, the newest version of each first.
    n_unfinished
        Bytes of downloads that were stopped and can go on.
    notes
        Sentences about what could not be read.
    """

    place: str
    revisions: tuple[CachedRevision, ...]
    n_unfinished: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FolderRequest(JobRequest["FolderResult"]):
    """What a folder holds: checkpoints, such as the steps of a training run, and other folders.

    Attributes
    ----------
    folder
        Absolute, or below `~`; empty: the user's own.
    """

    is_light: ClassVar[bool] = True

    folder: str

    @property
    def title(self) -> str:
        return f"Reading {self.folder or '~'}"


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A folder in a folder.

    Attributes
    ----------
    place
        Its path.
    is_checkpoint
        Whether it has the configuration of a model, or of an adapter, in it.
    kind
        What that says it is, such as `bert`; empty where it says nothing.
    n_bytes
        Of a checkpoint: of the files in it, without those of folders in it. Of others 0.
    """

    name: str
    place: str
    is_checkpoint: bool
    kind: str = ""
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class FolderResult:
    """What a folder holds.

    Attributes
    ----------
    folder
        Its path, whole.
    parent
        The folder that it is in; empty where it is in none.
    entries
        By name; of those that begin with a dot none.
    n_left_out
        How many more there are.
    card
        The README of what is a checkpoint itself, in Markdown; empty where it has none.
    """

    folder: str
    parent: str
    entries: tuple[FolderEntry, ...]
    n_left_out: int = 0
    card: str = ""


@dataclass(frozen=True, slots=True)
class FolderViewsRequest(JobRequest["CheckpointInfo"]):
    """What a folder is and which views it has, told beside the engine: looking at the open checkpoint never waits."""

    is_light: ClassVar[bool] = True

    folder: str

    @property
    def title(self) -> str:
        return f"Views of {self.folder}"


@dataclass(frozen=True, slots=True)
class DeleteCachedRequest(JobRequest["DeleteCachedResult"]):
    """Delete versions from the cache, and the files that no other version shares.

    Attributes
    ----------
    commit
        The version; empty: all of the repository, and what was left of downloads that were stopped.
    """

    is_light: ClassVar[bool] = True

    repo: str
    commit: str = ""

    @property
    def title(self) -> str:
        return f"Deleting {self.repo}"


@dataclass(frozen=True, slots=True)
class DeleteCachedResult:
    """What was deleted.

    Attributes
    ----------
    n_bytes
        That are free now.
    n_versions
        Of the repository that are gone.
    """

    repo: str
    n_bytes: int
    n_versions: int


@dataclass(frozen=True, slots=True)
class RepoRequest(JobRequest["RepoResult"]):
    """What a repository of the hub is, asked of the network, before any weight of it comes.

    A `Partial` tells what it is and how large; the whole result also which views it will have.

    Attributes
    ----------
    address
        An id, an id with `@` and a version, or the address of one of its pages.
    revision
        Branch, tag or commit; empty: what the address says, else `main`.
    """

    is_light: ClassVar[bool] = True
    is_online: ClassVar[bool] = True

    address: str
    revision: str = ""

    @property
    def title(self) -> str:
        return f"Looking up {self.address}"


@dataclass(frozen=True, slots=True)
class RepoResult:
    """A repository of the hub.

    Attributes
    ----------
    repo, revision, commit
        Its id, the version that was asked for, and the commit that this is today.
    licence, languages, data, kind
        What its card and config.json say; empty where they say nothing.
    gated
        Whether its owners ask for an agreement before its files are given out.
    is_private
        Whether only some accounts see it.
    weights
        `safetensors`, `pickle`, `gguf`, `other` or `none`: the format that would be fetched.
    files
        Names of the files that would be fetched.
    n_bytes
        Of these files.
    n_there
        Bytes of them that lie in the cache already.
    n_free
        Bytes that are free where the cache lies.
    folder
        Where it lies if all of it is in the cache; else empty.
    info
        What it is and which views it has; None where that cannot be told without the weights.
    why_not
        Why Headlight cannot open it, in one sentence; empty where nothing speaks against it.
    is_whole
        Whether the views are told too.
    can_convert
        Whether it could be opened after its pickled weights were fetched and converted.
    card
        Its README in Markdown, as its owners wrote it.
    choices
        Files of which one is fetched, where each holds all of the weights (GGUF): names and bytes, the smallest first;
        `files` has the usual one of them.
    """

    repo: str
    revision: str
    commit: str
    licence: str
    languages: str
    data: str
    kind: str
    gated: bool
    is_private: bool
    weights: str
    files: tuple[str, ...]
    n_bytes: int
    n_there: int
    n_free: int
    folder: str = ""
    info: CheckpointInfo | None = None
    why_not: str = ""
    is_whole: bool = False
    can_convert: bool = False
    card: str = ""
    choices: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class DownloadRequest(JobRequest["DownloadResult"]):
    """Fetch the files of a checkpoint that are needed, into the hub's own cache.

    Attributes
    ----------
    commit
        The version; what was looked at is what comes.
    revision
        The name that is to stand for it in the cache.
    takes_pickles
        Whether weights may come as pickles or GGUF where there are no others, to be converted; the user was asked.
    file
        Which file of weights, where there is a choice; empty: the usual one.
    """

    is_light: ClassVar[bool] = True
    is_online: ClassVar[bool] = True
    keeps_what_is_done: ClassVar[bool] = True

    repo: str
    commit: str
    revision: str = "main"
    takes_pickles: bool = False
    file: str = ""

    @property
    def title(self) -> str:
        return f"Download of {self.repo}"

    @property
    def queue(self) -> str:
        return self.repo


@dataclass(frozen=True, slots=True)
class DownloadResult:
    """All files are there, and each is what the hub says it is.

    Attributes
    ----------
    folder
        What is opened.
    n_bytes
        That came over the network now.
    to_convert
        What has to be converted before it can be opened: the folder, or the chosen file in it; empty for nothing.
    """

    repo: str
    folder: str
    n_bytes: int
    to_convert: str = ""
