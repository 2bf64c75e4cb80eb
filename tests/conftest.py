"""Makes fixtures that many tests share known to all of them, and the option for long nights."""

import pytest
from hypothesis import settings

pytest_plugins = ["tests.little_plots", "tests.loopback.fixtures", "tests.other_disk"]

# How long an example takes says something of the machine's other work, not of the code.
settings.register_profile("plotobot", deadline=None)
settings.load_profile("plotobot")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--chaos-minutes N`: go on breaking things with new seeds for so long, in each such test."""
    parser.addoption("--chaos-minutes", type=float, default=0.0, metavar="N")
