"""Views without a card at Home, and why."""

from __future__ import annotations

WITHOUT = {
    "answer": "no checkpoint that is bundled answers questions about images",
    "home": "it is where the cards are",
}
