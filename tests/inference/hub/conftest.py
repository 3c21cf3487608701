"""A hub on loopback for all tests of this folder."""

from tests.hub_fixtures import fake_hub  # noqa: F401
