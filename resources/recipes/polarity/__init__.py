"""Fine-tuning: `bert-mini` learns to tell whether a sentence about a film praises it."""
