"""Recipe of `gpt-mini`: a small GPT-2 that writes English and translates into French from a prompt."""
