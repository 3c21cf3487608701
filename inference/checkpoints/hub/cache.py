"""What lies in the hub's cache on this machine, and deleting it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import scan_cache_dir
from huggingface_hub.errors import CacheNotFound

from inference.checkpoints.hub.address import MAIN, Address, read_address
from inference.checkpoints.hub.choosing import choose_files
from inference.checkpoints.hub.client import cache_folder, repo_folder
from inference.context import Context, Refused
from inference.files.config_file import CONFIG, MAX_CONFIG
from inference.files.hub_layout import MODELS, folder_of_version
from inference.files.json_file import read_object
from inference.files.regular_files import is_there
from inference.results.hub import (
    CachedRequest,
    CachedResult,
    CachedRevision,
    DeleteCachedRequest,
    DeleteCachedResult,
)

if TYPE_CHECKING:
    from huggingface_hub import CachedRepoInfo, CachedRevisionInfo

UNFINISHED = ".incomplete"  # the end of the name of a file that is not all there, the library's own as ours


def cached(request: CachedRequest, context: Context) -> CachedResult:
    """All versions of all models in the cache; an empty list where there is none."""
    place = cache_folder()
    try:
        scanned = scan_cache_dir(place)
    except CacheNotFound:
        return CachedResult(str(place), (), 0)
    except (OSError, ValueError) as error:
        raise Refused(f"The hub's cache at {place} cannot be read: {_reason(error)}.") from error
    found: list[CachedRevision] = []
    for repo in sorted(scanned.repos, key=lambda repo: repo.repo_id.lower()):
        context.checkpoint()
        if repo.repo_type == "model":
            newest_first = sorted(repo.revisions, key=lambda revision: (not revision.refs, -revision.last_modified))
            found += [_revision(repo, revision) for revision in newest_first if revision.files]
    left = sum(_n_unfinished(folder) for folder in place.glob(f"{MODELS}*"))
    notes = (
        f"{folder.name.removeprefix(MODELS).replace('--', '/')} in the cache is damaged and is left out."
        for folder in _damaged(place, {repo.repo_path for repo in scanned.repos})
    )
    return CachedResult(str(place), tuple(found), left, tuple(notes))


def _damaged(place: Path, whole: set[Path]) -> Iterator[Path]:
    """Folders of models that hold something and of which no version can be read; a stopped download is none."""
    for folder in sorted(place.glob(f"{MODELS}*")):
        is_begun = not (folder / "snapshots").exists() or not any((folder / "snapshots").iterdir())
        if folder not in whole and not is_begun:
            yield folder


def _revision(repo: CachedRepoInfo, revision: CachedRevisionInfo) -> CachedRevision:
    folder = revision.snapshot_path
    sizes = {file.file_path.relative_to(folder).as_posix(): file.size_on_disk for file in revision.files}
    needed = choose_files(repo.repo_id, sizes)
    kind, why_not = "", needed.why_not
    try:
        kind = str(read_object(folder / CONFIG, MAX_CONFIG).get("model_type") or "") if CONFIG in sizes else ""
    except Refused as refused:
        why_not = why_not or str(refused)
    return CachedRevision(
        repo=repo.repo_id,
        commit=revision.commit_hash,
        refs=tuple(sorted(revision.refs, key=lambda ref: (ref != "main", ref))),
        folder=str(folder),
        n_bytes=revision.size_on_disk,
        kind=kind[:80],
        changed=revision.last_modified,
        why_not=why_not,
        can_convert=needed.can_convert,
        file=needed.of_weights[0] if needed.choices else "",
    )


def delete_cached(request: DeleteCachedRequest, context: Context) -> DeleteCachedResult:
    """Delete one version, or all of a repository.

    Raises
    ------
    Refused
        It is not in the cache, or cannot be deleted.
    """
    repo = read_address(request.repo).repo
    folder = repo_folder(repo)
    if not is_there(folder):
        raise Refused(f"{repo} is not in the hub's cache at {cache_folder()}.")
    if folder.is_symlink() or folder.resolve().parent != cache_folder().resolve():
        raise Refused(f"{repo} in the hub's cache is a link to {folder.resolve()}; delete that by hand.")
    context.checkpoint()
    try:
        scanned = scan_cache_dir(cache_folder())
        repos = [one for one in scanned.repos if one.repo_type == "model" and one.repo_id == repo]
        revisions = [revision for one in repos for revision in one.revisions]
        commits = [revision.commit_hash for revision in revisions if _is_meant(revision, request.commit)]
        if request.commit and not commits:
            raise Refused(f"{repo} is in the cache, but no version {request.commit[:40]!r} of it is.")
        freed = 0
        if commits:
            strategy = scanned.delete_revisions(*commits)
            freed = strategy.expected_freed_size
            strategy.execute()
        if len(commits) == len(revisions) and is_there(folder):  # what was left of downloads
            freed += _n_unfinished(folder)
            shutil.rmtree(folder)
    except OSError as error:
        raise Refused(f"{repo} cannot be deleted: {_reason(error)}.") from error
    if left := [commit for commit in commits if is_there(folder / "snapshots" / commit)]:
        raise Refused(f"{repo} cannot be deleted: version {left[0][:8]} is still there; see who may write the cache.")
    return DeleteCachedResult(repo, freed, len(commits))


def find_cached(address: Address) -> str:
    """Folder of a version that is in the cache with its configuration, or empty. Nothing is asked of the network."""
    folder = folder_of_version(cache_folder(), address.repo, address.revision or MAIN)
    return str(folder) if folder is not None and is_there(folder / CONFIG) else ""


def _is_meant(revision: CachedRevisionInfo, named: str) -> bool:
    return not named or named in revision.refs or (len(named) >= 5 and revision.commit_hash.startswith(named))


def _n_unfinished(folder: Path) -> int:
    try:
        return sum(path.stat().st_size for path in (folder / "blobs").glob(f"*{UNFINISHED}"))
    except OSError:
        return 0


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".").lower()
