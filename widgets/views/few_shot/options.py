"""What can be chosen about few-shot learning."""

from __future__ import annotations

from dataclasses import dataclass

from inference.results.few_shot import MOST_TRIALS, TASKS
from widgets.options import MOST_SEED, Options, choice, number

OWN = "file"  # a task that stands in a file


@dataclass(frozen=True)
class FewShotOptions(Options):
    """Which task, and how often it is tried."""

    task: str = choice(
        "to-fr",  # gpt-mini can do it
        {name: task.title for name, task in TASKS.items()} | {OWN: "From a file"},
        "Task",
        "what the examples are of, and the question",
    )
    trials: int = number(40, 1, MOST_TRIALS, "Trials", "how often: each time other examples, and another question")
    seed: int = number(0, 0, MOST_SEED, "Seed", "decides which examples stand in which prompt")
