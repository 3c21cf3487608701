"""The engine on another machine, over the user's own ssh."""
