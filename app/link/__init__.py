"""From the views to the engine and back."""
