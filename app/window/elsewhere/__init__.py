"""Windows that compute on another machine: which machines those were, and how one is reached."""
