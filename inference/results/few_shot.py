"""How many examples in its prompt a language model needs for a task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference.results.generation import TO_FRENCH
from inference.results.intervals import wilson
from inference.results.request import Capability, Request

MOST_SHOTS = 8
MOST_TRIALS = 500
FEWEST_EXAMPLES = MOST_SHOTS + 1  # one of them is asked for
MOST_EXAMPLES = 2_000
ARROW = " =>"


@dataclass(frozen=True, slots=True)
class FewShotTask:
    """Pairs of an input and its answer.

    Attributes
    ----------
    sign
        What stands between the two in the prompt.
    """

    title: str
    examples: tuple[tuple[str, str], ...]
    sign: str = ARROW


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((left, right) for left, _, right in (line.strip().partition(" > ") for line in text.split(",")))


TASKS: dict[str, FewShotTask] = {
    "copy": FewShotTask(
        "Say it again",
        _pairs(
            "house > house, water > water, night > night, child > child, garden > garden, window > window, "
            "letter > letter, mother > mother, school > school, table > table, street > street, bread > bread, "
            "horse > horse, flower > flower, river > river, winter > winter, summer > summer, friend > friend, "
            "brother > brother, doctor > doctor, music > music, market > market, bridge > bridge, forest > forest"
        ),
    ),
    "plural": FewShotTask(
        "Plural",
        _pairs(
            "house > houses, dog > dogs, child > children, man > men, woman > women, tree > trees, bird > birds, "
            "foot > feet, city > cities, baby > babies, box > boxes, horse > horses, flower > flowers, boy > boys, "
            "girl > girls, car > cars, book > books, friend > friends, river > rivers, day > days, door > doors, "
            "king > kings, lady > ladies, story > stories, tooth > teeth"
        ),
    ),
    "past": FewShotTask(
        "Past tense",
        _pairs(
            "go > went, see > saw, walk > walked, look > looked, take > took, come > came, say > said, ask > asked, "
            "give > gave, find > found, run > ran, sit > sat, want > wanted, open > opened, call > called, "
            "write > wrote, play > played, stand > stood, know > knew, work > worked, sleep > slept, eat > ate, "
            "turn > turned, think > thought, bring > brought"
        ),
    ),
    "opposite": FewShotTask(
        "Opposite",
        _pairs(
            "hot > cold, big > small, up > down, day > night, black > white, young > old, open > closed, good > bad, "
            "long > short, left > right, first > last, early > late, rich > poor, high > low, in > out, "
            "happy > sad, before > after, inside > outside, brother > sister, man > woman, boy > girl, king > queen, "
            "summer > winter, question > answer, love > hate"
        ),
    ),
    "to-fr": FewShotTask(
        "English to French",
        _pairs(
            "I am a student. > Je suis étudiant., It is late. > Il est tard., I am hungry. > J'ai faim., "
            "She is happy. > Elle est heureuse., Thank you. > Merci., I love you. > Je t'aime., "
            "He is my brother. > C'est mon frère., We are ready. > Nous sommes prêts., It's raining. > Il pleut., "
            "I don't know. > Je ne sais pas., Where are you? > Où es-tu ?, He is old. > Il est vieux., "
            "Come here. > Viens ici., I'm cold. > J'ai froid., They are here. > Ils sont ici., "
            "I have a dog. > J'ai un chien., She is gone. > Elle est partie., Wait for me. > Attends-moi."
        ),
        f" {TO_FRENCH}",
    ),
}


@dataclass(frozen=True, slots=True)
class FewShotRequest(Request["FewShotResult"]):
    """How often a model gives the right answer behind 0 to 8 examples in its prompt. Nothing is learned but from these.

    Attributes
    ----------
    task
        A key of `TASKS`; of no matter where there is a file.
    path
        A text file of one's own, `input<TAB>answer` a line; empty for none.
    n_trials
        How often: each time with other examples, and another input.
    """

    needs = frozenset({Capability.GENERATION})
    refines = True

    checkpoint: str
    task: str = "to-fr"
    path: str = ""
    n_trials: int = 40
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FewShotTrial:
    """One input, behind 0 to 8 examples.

    Attributes
    ----------
    shots
        Lines of the prompt: the examples, in order.
    asked
        The last line, whose end is missing.
    answer
        The right end.
    said
        By number of examples, as many as fitted into the context: what the model said greedily, as far as its first
        token that differs.
    is_right
        By number of examples.
    """

    shots: tuple[str, ...]
    asked: str
    answer: str
    said: tuple[str, ...]
    is_right: tuple[bool, ...]

    def prompt(self, n_shots: int) -> str:
        """The whole text that the model gets."""
        return "\n".join((*self.shots[:n_shots], self.asked))


@dataclass(frozen=True, slots=True)
class FewShotResult:
    """Accuracy by number of examples; in a partial result that of the trials so far.

    Attributes
    ----------
    title
        Of the task.
    n_asked
        Trials in all.
    n_examples
        Of the task.
    right, tried
        int32 [kind, shot]: answers that were right, and all. Kind 0 has examples as they are; in kind 1, the control,
        each has the answer of another one: what is left of the accuracy there comes from the form alone.
    probs
        float32 [kind, shot]: mean probability of the whole right answer; NaN where nothing was tried.
    trials
        Of kind 0.
    longest
        Examples with which the prompt still fits into the context; less than 8 where it does not with all.
    """

    title: str
    n_asked: int
    n_examples: int
    right: np.ndarray
    tried: np.ndarray
    probs: np.ndarray
    trials: tuple[FewShotTrial, ...]
    longest: int = MOST_SHOTS

    @property
    def accuracy(self) -> np.ndarray:
        """float64 [kind, shot], 0 to 1; NaN where nothing was tried."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.right / np.where(self.tried, self.tried, np.nan)

    @property
    def interval(self) -> np.ndarray:
        """float64 [2, kind, shot], the ends of Wilson's 95 % interval of the accuracy (Wilson 1927)."""
        return wilson(self.right, self.tried)
