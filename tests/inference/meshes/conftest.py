"""Mesh files of any content."""

from __future__ import annotations

import pytest


@pytest.fixture
def saved(tmp_path):
    """Write bytes under a name, and give the path."""

    def save(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save
