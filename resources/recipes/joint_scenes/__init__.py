"""Models of words and regions of drawn scenes: UNITER, OSCAR and ViLBERT, trained alike."""
