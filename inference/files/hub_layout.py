"""How the Hugging Face hub's library lays out its cache: a folder a repository, in it `refs`, `snapshots` and `blobs`.

References
----------
https://huggingface.co/docs/huggingface_hub/guides/manage-cache
"""

from __future__ import annotations

from pathlib import Path

MODELS = "models--"
SNAPSHOTS = "snapshots"


def own_cache() -> Path:
    """The cache of this machine, by the library's own rules."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def folder_of_repo(cache: Path, repo: str) -> Path:
    """Where a repository of models lies in a cache, if it does."""
    return cache / f"{MODELS}{repo.replace('/', '--')}"


def folder_of_version(cache: Path, repo: str, revision: str = "main") -> Path | None:
    """The files of a version in a cache, or None where it has none of them. Nothing is asked of the network."""
    if not repo or repo.startswith((".", "/", "~")) or ".." in repo or repo.count("/") > 1 or ".." in revision:
        return None
    folder = folder_of_repo(cache, repo)
    try:
        ref = folder / "refs" / revision
        commit = ref.read_text(encoding="ascii").strip()[:40] if ref.is_file() else revision
        place = folder / SNAPSHOTS / commit
        return place if commit and place.parent == folder / SNAPSHOTS and place.is_dir() else None
    except (OSError, ValueError):
        return None


def cache_of(folder: Path) -> Path | None:
    """The cache in which a folder is a version, or None where it lies elsewhere."""
    is_version = folder.parent.name == SNAPSHOTS and folder.parent.parent.name.startswith(MODELS)
    return folder.parent.parent.parent if is_version else None
