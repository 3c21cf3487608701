"""The hub's library as Headlight uses it: no telemetry, the token to the hub alone, and each failure one sentence.

`headlight` asks the network only for requests that say so (`Request.is_online`); for all others the process is started
with `HF_HUB_OFFLINE`, and the library refuses by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import HfApi, constants, get_token, set_client_factory
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import disable_progress_bars, logging

import inference
from inference.context import Refused
from inference.files.hub_layout import folder_of_repo, own_cache
from inference.results.counts import count_of

PUBLIC = "https://huggingface.co"
# A hub of one's own is given the token only where the user says so, by its whole address: HF_ENDPOINT may have been set
# by anybody.
TRUSTED = "HEADLIGHT_HUB_TOKEN_FOR"
_TIMEOUT = httpx2.Timeout(20.0, connect=5.0)  # seconds
_TOO_MANY = 429
_OFFLINE = "HF_HUB_OFFLINE is set, so the hub is not asked; unset it and start again."
_MOST_WAIT = 600.0  # seconds that a hub may ask to wait

# What goes wrong is raised; a log or a bar would go to a terminal that may not be there.
logging.set_verbosity_error()
disable_progress_bars()


class TooManyError(Refused):
    """The hub asks to wait so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The hub gets too many questions and asks to wait {count_of(round(seconds), 'seconds')}.")
        self.seconds = seconds


def endpoint() -> str:
    """Address of the hub that is asked, `HF_ENDPOINT` or the public one."""
    return constants.ENDPOINT.rstrip("/")


def host() -> str:
    """Its host, with the port where one is named."""
    return urlsplit(endpoint()).netloc.lower()


def cache_folder() -> Path:
    """Where the hub's library keeps what was fetched, by its own rules (`HF_HUB_CACHE`, `HF_HOME`, ...)."""
    return own_cache()


def repo_folder(repo: str) -> Path:
    """The folder of a repository in the cache."""
    return folder_of_repo(cache_folder(), repo)


def token() -> str | None:
    """The token of the hub's own login (`hf auth login`, `HF_TOKEN`), or None where this hub is not to have it."""
    trusted = (PUBLIC, os.environ.get(TRUSTED, "").rstrip("/"))
    return get_token() if endpoint() in trusted else None


@contextmanager
def online() -> Iterator[HfApi]:
    """What asks the hub; only within it the network may be asked, by whatever code.

    Raises
    ------
    Refused
        The user does not want the network to be asked.
    """
    if inference.IS_OFFLINE_WISHED:
        raise Refused(_OFFLINE)
    constants.HF_HUB_DISABLE_TELEMETRY = True
    constants.HF_HUB_DISABLE_UPDATE_CHECK = True
    set_client_factory(_client)
    was_offline, constants.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE, False
    try:
        yield HfApi(endpoint=endpoint(), token=token() or False, library_name="headlight")
    finally:
        constants.HF_HUB_OFFLINE = was_offline


def timeout() -> float:
    """Seconds that a question may take; to connect, a quarter of that."""
    return _TIMEOUT  # type: ignore[return-value]  (handed on to httpx2, which takes both)


def _client() -> httpx2.Client:
    """As the library makes it, but that each request is looked at, those after a redirect too."""
    return httpx2.Client(
        event_hooks={"request": [_judge], "response": [_heed]}, follow_redirects=True, timeout=_TIMEOUT
    )


def _judge(request: httpx2.Request) -> None:
    """Nothing goes out where the network may not be asked, and the token only to the hub, wherever a redirect leads."""
    if constants.HF_HUB_OFFLINE:
        raise OfflineModeIsEnabled(_OFFLINE)
    if "authorization" in request.headers and f"{request.url.scheme}://{_netloc(request.url)}" != endpoint():
        del request.headers["authorization"]


def _netloc(url: httpx2.URL) -> str:
    return url.netloc.decode("ascii").lower()


def _heed(response: httpx2.Response) -> None:
    """The library would wait by itself, deaf to whoever cancels."""
    if response.status_code == _TOO_MANY:
        raise TooManyError(_wait(response.headers.get("retry-after", "")))
    if response.status_code >= 400 and "x-error-code" not in response.headers:
        response.read()


def _wait(said: str) -> float:
    return min(max(float(said), 1.0), _MOST_WAIT) if said.strip().isdigit() else 30.0


@contextmanager
def told(repo: str, revision: str = "") -> Iterator[None]:
    """Turn what goes wrong in a question to the hub into one sentence.

    Raises
    ------
    Refused
        The question failed.
    """
    try:
        yield
    except OfflineModeIsEnabled as error:
        raise Refused(_OFFLINE) from error
    except GatedRepoError as error:
        raise Refused(_gated(repo, _status(error))) from error
    except RevisionNotFoundError as error:
        raise Refused(f"{repo} has no version {revision!r}; leave the version out for the newest one.") from error
    except RemoteEntryNotFoundError as error:
        raise Refused(f"A file of {repo} is not on the hub any more; look it up again.") from error
    except RepositoryNotFoundError as error:
        raise Refused(_not_found(repo)) from error
    except HfHubHTTPError as error:
        raise Refused(_of_status(repo, _status(error))) from error
    except httpx2.TimeoutException as error:
        raise Refused(f"{host()} does not answer; the network may be slow, or a wall may stand between.") from error
    except httpx2.ProxyError as error:
        raise Refused(f"The proxy does not let {host()} be asked; see HTTPS_PROXY.") from error
    except httpx2.TransportError as error:
        raise Refused(f"{host()} cannot be reached: there is no network, or it is blocked.") from error
    except (ValueError, KeyError, TypeError) as error:  # an answer that is none of a hub
        raise Refused(f"What {host()} answers is not what a hub of checkpoints does.") from error


def _status(error: HfHubHTTPError) -> int:
    return getattr(getattr(error, "response", None), "status_code", 0)


def _gated(repo: str, status: int) -> str:
    page = f"{endpoint()}/{repo}"
    if status == 403:
        return f"{repo} is gated, and your account was not let in so far; ask for it at {page}."
    return f"{repo} is gated: agree to its terms at {page}, and log in with `hf auth login`."


def _not_found(repo: str) -> str:
    if token():
        return f"There is no {repo} on the hub, or your account may not see it."
    return f"There is no {repo} on the hub, or it is private; for that log in with `hf auth login`."


def _of_status(repo: str, status: int) -> str:
    if status == 401:
        return "The hub does not take your token; log in again with `hf auth login`."
    if status == 403:
        return f"The hub does not give out {repo} (status 403); your token may not be for it."
    if status >= 500:
        return f"The hub has trouble of its own (status {status}); try it again later."
    return f"The hub refuses {repo} with status {status}."
