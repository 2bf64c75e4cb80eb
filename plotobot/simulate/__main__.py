"""The process that compares both modes on one machine, and ends."""

from __future__ import annotations

import json
import pickle
import sys

from plotobot.engine.config import Limits
from plotobot.engine.one_shot import give_way
from plotobot.simulate.comparing import compare
from plotobot.simulate.rig import Rig, Span

Question = tuple[Rig, Limits, Span]


def main() -> int:
    """Read a pickled question, print plots a day; returns the exit code."""
    give_way()
    question: Question = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the bot itself
    found = compare(*question)
    print(json.dumps([found.rules.plots_a_day, found.auto.plots_a_day]))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
