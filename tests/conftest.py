"""Makes fixtures that many tests share known to all of them, and the option for long nights."""

import pytest

pytest_plugins = ["tests.little_plots", "tests.loopback.fixtures", "tests.other_disk"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--chaos-minutes N`: go on breaking things with new seeds for so long, in each such test."""
    parser.addoption("--chaos-minutes", type=float, default=0.0, metavar="N")
