import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plotobot.__main__ import app
from plotobot.errors import SettingsError
from plotobot.simulate.rig_file import read_rig

RIG = """
name = "mine"
cores = 4
memory_gb = 16
[[temp]]
size_gib = 931
mb_s = 900
[spawn]
max_parallel = 3
max_parallel_per_drive = 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "rig.toml"
    path.write_text(RIG, "utf-8")
    return path


def test_a_rig_is_read(file):
    written = read_rig(file)

    assert written.rig().bound.plots_a_day == pytest.approx(16.78, abs=0.01)
    assert written.limits().max_parallel == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cores = 4", "memory_gb"),
        (RIG.replace("cores = 4", "cores = -4"), "cores"),
        (RIG.replace("mb_s", "mbs"), "temp"),
        ("cores =", "cannot be read as a rig"),
    ],
    ids=["a key is missing", "a value may not be so", "a key is none", "no TOML"],
)
def test_what_is_wrong_gets_a_sentence(tmp_path, text, says):
    path = tmp_path / "rig.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(SettingsError, match=says):
        read_rig(path)


def test_the_command_line_says_what_a_machine_would_make(file):
    result = CliRunner().invoke(app, ["simulate", str(file), "--days", "1", "--noise", "0"])

    assert result.exit_code == 0
    assert "your settings: " in result.output
    assert "bound: 16.8 (CPU)" in result.output


def test_without_a_machine_it_says_what_to_name():
    assert CliRunner().invoke(app, ["simulate"]).exit_code == 2


@pytest.mark.parametrize("page", ["README.md", "docs/scheduler.md"])
def test_the_example_of_the_documentation_works_as_it_stands(tmp_path, page):
    text = (Path(__file__).parents[2] / page).read_text("utf-8")
    [example] = re.findall(r"```toml\n(cores = .*?)```", text, re.DOTALL)
    path = tmp_path / "rig.toml"
    path.write_text(example, "utf-8")

    result = CliRunner().invoke(app, ["simulate", str(path), "--days", "2"])

    assert result.exit_code == 0
    told = re.search(r"your settings: ([\d.]+) plots/day; auto: ([\d.]+); bound", result.output)
    assert told
    assert float(told[2]) > float(told[1])
