"""The other machine that a window computes on."""

from __future__ import annotations

from app.link.engine_link import JobLink
from app.link.remote.address import MachineAddress
from app.link.remote.remote_link import RemoteLink, remote_job_link, remote_link
from inference.service.hello import Hello

KEPT = ".local/share/headlight"  # below the user's folder there, made when something is first kept


class Elsewhere:
    """Its address, the line to its engine, and what is known of it once it has answered."""

    def __init__(self, address: MachineAddress) -> None:
        self.address = address
        self.link: RemoteLink = remote_link(address)

    @property
    def name(self) -> str:
        """What the user is told."""
        return self.address.name

    @property
    def hello(self) -> Hello | None:
        """What the engine said of itself; None before it has."""
        return self.link.hello

    def kept(self, name: str) -> str:
        """A folder there for what is made there; empty before the engine has answered."""
        return f"{self.hello.home}/{KEPT}/{name}" if self.hello else ""

    def job_link(self) -> JobLink:
        """Its line to an engine for one job."""
        return remote_job_link(self.address)
