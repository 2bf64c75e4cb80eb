"""The process that draws one chart and ends."""

from __future__ import annotations

import logging
import sys

from plotobot.engine.one_shot import give_way
from plotobot.engine.summary import CHARTS, summary_adapter

USAGE = f"usage: python -m plotobot.charts {'|'.join(CHARTS)} < summary.json > chart.png"


def main(arguments: list[str]) -> int:
    """Draw; returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in CHARTS:
        sys.stderr.write(USAGE + "\n")
        return 2
    give_way()
    logging.disable(logging.WARNING)  # of fonts that lack a character
    summary = summary_adapter().validate_json(sys.stdin.buffer.read())
    from plotobot.charts.drawing import draw

    sys.stdout.buffer.write(draw(arguments[0], summary))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
