"""The words on screen that a student may not know: what each means in one sentence, its formula and its source."""
