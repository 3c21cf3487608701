"""Word vectors of English: trained, and measured against a baseline and controls."""
