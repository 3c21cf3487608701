"""What a repository of the hub is, before any of its weights come: from its card, its configuration and its headers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import get_session, hf_hub_url
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

from inference.checkpoints.adapters import ADAPTER_CONFIG
from inference.checkpoints.hub.address import MAIN, Address, check_revision, read_address
from inference.checkpoints.hub.cache import find_cached
from inference.checkpoints.hub.choosing import NeededFiles, choose_files
from inference.checkpoints.hub.client import cache_folder, endpoint, host, online, repo_folder, timeout, token, told
from inference.checkpoints.weights_header import INDEX, MAX_HEADER
from inference.context import Context, Refused
from inference.files.config_file import CONFIG, MAX_CONFIG
from inference.files.json_file import read_object
from inference.files.model_card import README, card_text, read_card
from inference.results.hub import FolderViewsRequest, RepoRequest, RepoResult

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import ModelInfo

    from inference.results.checkpoint import CheckpointInfo

MOST_FILES = 100_000
_MOST_LOOKED_AT = 2**20  # bytes of a file beside the weights; of a larger one only its name is looked at
_FIRST_BYTES = 2**17  # of a file of weights: most headers are shorter
_LENGTH = 8  # bytes in front of a header that say how long it is
_N_STEPS = 3


def repo(request: RepoRequest, context: Context) -> RepoResult:
    """What it is, told in part as soon as the hub has answered, and then with its views.

    Raises
    ------
    Refused
        The address names no repository, the hub cannot be asked, or does not give it out.
    """
    address = asked_address(request.address, request.revision)
    context.checkpoint(0, _N_STEPS, f"Asking {host()} for {address.repo}")
    with online() as hub:
        said = look_up(hub, address)
        sizes = sizes_of(said)
        choice = choose_files(address.repo, sizes)
        first = _facts(address, said, choice, sizes)
        context.partial(first)
        with tempfile.TemporaryDirectory(prefix="headlight-hub-") as place:
            # As it would lie in the cache, so that it has the name that it will have there.
            folder = Path(place) / repo_folder(address.repo).name / "snapshots" / first.commit
            folder.mkdir(parents=True)
            context.checkpoint(1, _N_STEPS, f"Reading the configuration of {address.repo}")
            with told(address.repo, first.revision):
                _fetch_beside(folder, first, choice, sizes, context)
                if choice.weights == "safetensors":
                    _fetch_headers(folder, first, choice, sizes, context)
            _link_base(folder, Path(place))
            context.checkpoint(2, _N_STEPS, "Looking which views it has")
            return _judged(first, folder, choice, sizes)


def folder_views(request: FolderViewsRequest, context: Context) -> CheckpointInfo:
    """What a folder on this machine is. Raises `Refused` where it cannot be opened."""
    from inference.checkpoints.inspection import inspect

    context.checkpoint(0, 1, "Looking which views it has")
    return inspect(request.folder)


def asked_address(text: str, revision: str = "") -> Address:
    """What a request names. Raises `Refused` as `read_address`."""
    address = read_address(text, host())
    return Address(address.repo, check_revision(revision) or address.revision)


def look_up(hub: HfApi, address: Address) -> ModelInfo:
    """What the hub says of a repository: its card, its files and their checksums, in one question."""
    revision = address.revision or MAIN
    with told(address.repo, revision):
        said = hub.model_info(address.repo, revision=revision, files_metadata=True, timeout=timeout())
    if not said.sha or not said.siblings:
        raise Refused(f"{address.repo} is on the hub, but holds no files.")
    if len(said.siblings) > MOST_FILES:
        raise Refused(f"{address.repo} has {len(said.siblings):,} files; at most {MOST_FILES:,} are looked at.")
    return said


def sizes_of(said: ModelInfo) -> dict[str, int]:
    """Bytes of all files by name."""
    return {file.rfilename: file.size or 0 for file in said.siblings or ()}


def _facts(address: Address, said: ModelInfo, choice: NeededFiles, sizes: Mapping[str, int]) -> RepoResult:
    card: Any = said.card_data
    config: dict[str, Any] = said.config if isinstance(said.config, dict) else {}
    there = _there(address.repo, said, choice)
    folder = find_cached(Address(address.repo, str(said.sha)))
    is_there = choice.weights == "safetensors" and all((Path(folder) / name).exists() for name in choice.files)
    return RepoResult(
        repo=address.repo,
        revision=address.revision or MAIN,
        commit=str(said.sha),
        licence=_text(getattr(card, "license_name", None) or getattr(card, "license", None)),
        languages=_text(getattr(card, "language", None)),
        data=_text(getattr(card, "datasets", None)),
        kind=_text(config.get("model_type")),
        gated=bool(said.gated),
        is_private=bool(said.private),
        weights=choice.weights,
        files=choice.files,
        n_bytes=sum(sizes[name] for name in choice.files),
        n_there=sum(sizes[name] for name in there),
        n_free=n_free(cache_folder()),
        folder=folder if folder and is_there else "",
        why_not=choice.why_not,
        can_convert=choice.can_convert,
        choices=tuple((name, sizes[name]) for name in choice.choices),
    )


def _there(repo: str, said: ModelInfo, choice: NeededFiles) -> tuple[str, ...]:
    blobs = repo_folder(repo) / "blobs"
    sums = {file.rfilename: checksum(file) for file in said.siblings or ()}
    return tuple(name for name in choice.files if sums[name] and (blobs / sums[name]).is_file())


def checksum(file: Any) -> str:
    """Of a file of a repository: SHA-256 of a large one, else git's SHA-1; what the cache calls it, too."""
    lfs = file.lfs
    return str((lfs.sha256 if lfs else file.blob_id) or "")


def n_free(place: Path) -> int:
    """Bytes that are free where a folder is or will be; 0 where that cannot be told."""
    for folder in (place, *place.parents):
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue
    return 0


def _fetch_beside(
    folder: Path, first: RepoResult, choice: NeededFiles, sizes: Mapping[str, int], context: Context
) -> None:
    for name in choice.beside:
        context.checkpoint()
        is_small = sizes[name] <= (MAX_CONFIG if name == CONFIG else _MOST_LOOKED_AT)
        (folder / name).write_bytes(_first_bytes(first, name, sizes[name]) if is_small else b"")
    if INDEX in choice.of_weights:
        (folder / INDEX).write_bytes(_first_bytes(first, INDEX, min(sizes[INDEX], MAX_HEADER + 1)))


def _fetch_headers(
    folder: Path, first: RepoResult, choice: NeededFiles, sizes: Mapping[str, int], context: Context
) -> None:
    """The beginnings of the weights, as far as their headers go."""
    for name in choice.of_weights:
        if name == INDEX:
            continue
        context.checkpoint()
        content = _first_bytes(first, name, min(_FIRST_BYTES, sizes[name]))
        n_header = int.from_bytes(content[:_LENGTH], "little")
        if len(content) < _LENGTH + n_header <= min(MAX_HEADER + _LENGTH, sizes[name]):
            content = _first_bytes(first, name, _LENGTH + n_header)
        (folder / name).write_bytes(content)


def _first_bytes(first: RepoResult, name: str, n: int) -> bytes:
    """So many bytes from the beginning of a file, and no more whatever the other side sends."""
    if n <= 0:
        return b""
    url = hf_hub_url(first.repo, name, revision=first.commit, endpoint=endpoint())
    headers = build_hf_headers(token=token() or False, library_name="headlight")
    headers |= {"Range": f"bytes=0-{n - 1}", "Accept-Encoding": "identity"}
    content = b""
    with get_session().stream("GET", url, headers=headers, timeout=timeout()) as response:
        hf_raise_for_status(response)
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) >= n:
                break
    return content[:n]


def _link_base(folder: Path, place: Path) -> None:
    """An adapter is judged with its base, if that is in the cache."""
    if not (folder / ADAPTER_CONFIG).exists() or (folder / CONFIG).exists():
        return
    try:
        named = read_address(str(read_object(folder / ADAPTER_CONFIG, MAX_CONFIG).get("base_model_name_or_path")))
    except Refused:
        return  # of no repository: a folder, which is looked for where it is named
    own = repo_folder(named.repo)
    if own.is_dir() and not (place / own.name).exists():
        (place / own.name).symlink_to(own, target_is_directory=True)


def _judged(first: RepoResult, folder: Path, choice: NeededFiles, sizes: Mapping[str, int]) -> RepoResult:
    """With its views, or the reason why it has none."""
    card = read_card(folder) if (folder / README).exists() else None
    found = replace(
        first,
        is_whole=True,
        kind=first.kind or _kind(folder),
        licence=first.licence or (card.licence if card else ""),
        languages=first.languages or (card.languages if card else ""),
        data=first.data or (card.data if card else ""),
        card=card_text(folder),
    )
    if first.why_not:
        return found
    try:
        from inference.checkpoints.inspection import inspect

        info = inspect(str(folder), {name: sizes[name] for name in choice.of_weights if name != INDEX})
    except Refused as refused:
        return replace(found, why_not=str(refused).replace(folder.name, first.repo))
    return replace(found, info=replace(info, checkpoint=first.repo))


def _kind(folder: Path) -> str:
    try:
        return _text(read_object(folder / CONFIG, MAX_CONFIG).get("model_type")) if (folder / CONFIG).exists() else ""
    except Refused:
        return ""


def _text(value: object) -> str:
    """A text, or a list of texts, in one short line."""
    parts = value if isinstance(value, list | tuple) else [value]
    text = ", ".join(str(part) for part in parts[:12] if isinstance(part, str))
    return " ".join(text.split())[:300]
