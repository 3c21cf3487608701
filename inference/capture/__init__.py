"""What attention receives, as the model's own calls receive it."""
