"""Steps that can be undone, and what else the menu Edit offers."""
