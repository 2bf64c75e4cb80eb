"""Who may import whom: imports go down only, and the engine never meets Discord."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("plots", "plotters", "engine", "ui", "bot", "app", "__main__")
"""From the bottom up; each may import itself and what is below."""
PLACE = {
    "access": "ui",
    "alerts": "bot",
    "board": "bot",
    "cogs": "bot",
    "charts": "ui",
    "recount": "ui",
    "couriers": "bot",
    "demo": "__main__",
    "farmlog": "plots",
    "setting_up": "__main__",
    "telling": "ui",
    "simulate": "engine",
}
"""Where the rest stands."""
ANYWHERE = frozenset({"", "errors", "settings", "logs", "access", "telling"})
"""Values and text that know nothing of the floors above them."""
SPEAKS_DISCORD = frozenset({"ui", "bot", "alerts", "app", "board", "demo", "cogs"})


def modules():
    return sorted([*ROOT.glob("plotobot/**/*.py"), *ROOT.glob("cogs/*.py")])


def part_of(path: Path) -> str:
    """The part of the house a file belongs to: `engine`, `ui`, `bot`, `cogs`."""
    inside = path.relative_to(ROOT).with_suffix("").parts
    if inside[0] == "cogs":
        return "cogs"
    return "" if inside[1] == "__init__" else inside[1]


def imports(path: Path):
    """All modules a file imports, also inside functions and for types only."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            module = node.module or ""
            yield module
            if module == "plotobot":
                yield from (f"plotobot.{alias.name}" for alias in node.names)


def floor(part: str) -> int | None:
    part = PLACE.get(part, part)
    return FLOORS.index(part) if part in FLOORS else None


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down_only(path):
    own = floor(part_of(path))
    for name in imports(path):
        part = name.split(".")[1] if name.startswith("plotobot.") else ""
        if own is None or part in ANYWHERE or floor(part) is None:
            continue
        assert floor(part) <= own, f"{path.name} imports {name}, which is above it"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_discord_side_knows_discord(path):
    if part_of(path) not in SPEAKS_DISCORD:
        met = {name for name in imports(path) if name.split(".")[0] in ("discord", "simcord")}
        assert not met, f"{path.name} imports {met}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_cogs_are_loaded_by_name_and_never_imported(path):
    assert not [name for name in imports(path) if name.split(".")[0] == "cogs"]


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("cogs/*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_cogs_know_the_protocol_and_the_values_of_the_engine_only(path):
    allowed = {"plotobot.engine.protocol", "plotobot.engine.models"}
    met = {name for name in imports(path) if name.startswith("plotobot.engine")}

    assert met <= allowed


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("cogs/*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_a_cog_method_is_parse_ask_answer(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.AsyncFunctionDef):
            assert node.end_lineno - node.body[0].end_lineno <= 8, node.name


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_charts_are_drawn_in_a_process_of_their_own_and_imported_by_nobody(path):
    if part_of(path) != "charts":
        met = {n for n in imports(path) if n.startswith(("matplotlib", "numpy", "plotobot.charts"))}
        assert not met, f"{path.name} imports {met}"


def test_a_running_bot_holds_no_matplotlib():
    code = (
        "import importlib, sys, plotobot.app, plotobot.bot; "
        "[importlib.import_module(name) for name in plotobot.bot.EXTENSIONS]; "
        "sys.exit(bool({'matplotlib', 'numpy', 'plotobot.charts'} & sys.modules.keys()))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0


def test_the_walk_sees_the_house():
    assert {part_of(path) for path in modules()} >= {"engine", "ui", "bot", "cogs", "alerts"}
