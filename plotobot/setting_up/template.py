"""The text that a new settings file begins with: the example, with every setting and its meaning.

In a checkout the example stands at the top; an installed package carries a copy beside this module.
"""

from __future__ import annotations

from pathlib import Path

_NAME = "plotobot.example.toml"
_HEAD = """\
# Plotobot's settings, begun by `plotobot init`, which can be run again at any time. Take the "# "
# away where you want something else, and let `plotobot check` look at it. What is commented out is
# at its default, except where the comment says "example".
"""


def template() -> str:
    """The text, with a head for a file that is in use. Blocks."""
    here = Path(__file__)
    places = (here.with_name(_NAME), here.parents[2] / _NAME)
    text = next((it.read_text(encoding="utf-8") for it in places if it.is_file()), "")
    _, blank, rest = text.partition("\n#\n")
    return _HEAD + blank.lstrip("\n") + rest
