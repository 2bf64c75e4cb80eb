"""Values change; whatever else stands in the file stays, byte for byte."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.errors import SettingsError
from plotobot.settings import load_settings
from plotobot.settings._edit import edited
from plotobot.settings.editing import edit_settings

EXAMPLE = (Path(__file__).parents[2] / "plotobot.example.toml").read_text(encoding="utf-8")
FILE = Path("plotobot.toml")
HAND_MADE = """\
# my farm, do not touch
machine   =   "barn"    # the old one

[spawn]  # how many
  max_parallel = 4  # more is too hot
wait_same_drive_minutes=12.5

[drives]
out = [
    "/mnt/hdd1",  # slow
    # a spare one comes here
    "/mnt/hdd2",
]   # end
temp = ['/mnt/ssd1']

# Discord
[discord]
guild = 123456789012345678
owners = { users = ["3"] }  # me
"""


def values(text: str) -> dict[str, Any]:
    return tomllib.loads(text)


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        pytest.param({"machine": "shed"}, '"barn"', '"shed"', id="text"),
        pytest.param({"spawn.max_parallel": 5}, "max_parallel = 4", "max_parallel = 5", id="int"),
        pytest.param({"spawn.wait_same_drive_minutes": 3.0}, "=12.5", "=3.0", id="no-blanks"),
        pytest.param(
            {"drives.out": ["/mnt/hdd1", "/mnt/hdd2", "/mnt/hdd3"]},
            '"/mnt/hdd2",\n',
            '"/mnt/hdd2",\n    "/mnt/hdd3",\n',
            id="one-more-in-a-list",
        ),
        pytest.param(
            {"drives.out": ["/mnt/hdd1"]}, '    "/mnt/hdd2",\n', "", id="one-less-in-a-list"
        ),
        pytest.param(
            {"spawn.count": 7}, "=12.5\n", "=12.5\ncount = 7\n", id="new-key-behind-the-last"
        ),
        pytest.param(
            {"discord.channel": "5"}, "# me\n", '# me\nchannel = "5"\n', id="behind-inline-table"
        ),
        pytest.param(
            {"spawn.max_parallel": None}, "  max_parallel = 4  # more is too hot\n", "", id="gone"
        ),
        pytest.param({"spawn.max_parallel": 4}, "", "", id="the-same-value"),
        pytest.param({"plot.k": None}, "", "", id="gone-already"),
        pytest.param({"discord.owners.users": ("3",)}, "", "", id="the-same-list"),
    ],
)
def test_one_change_touches_its_own_words_only(
    changes: Mapping[str, object], old: str, new: str
) -> None:
    assert edited(FILE, HAND_MADE, changes) == HAND_MADE.replace(old, new)


def test_a_key_of_the_example_is_set_behind_the_comment_that_explains_it() -> None:
    new = edited(FILE, EXAMPLE, {"plot.k": 33, "drives.temp": ["/a", r"D:\b"], "machine": "m"})

    added = [line for line in new.splitlines() if line not in EXAMPLE.splitlines()]
    assert added == ['machine = "m"', """temp = ["/a", 'D:\\b']""", "k = 33"]
    assert "# k = 32\nk = 33\n" in new
    assert '# temp = ["label:plot"]\ntemp = [' in new


@pytest.mark.parametrize(
    "text",
    ["", "# c", "plot.k = 33", "plot = { k = 33 }\n", "[discord.owners]\nusers = ['1']\n",
     "discord.owners.users = ['1']\n", '"plot".k = 33\n', '[ "plot" ] # c\n', "[spawn]\n[plot]",
     "machine = '''\n[plot]\n# k = 3''' # odd"],
)  # fmt: skip
def test_every_way_to_write_toml_takes_new_keys(text: str) -> None:
    changes = {
        "machine": "m", "plot.k": 32, "plot.threads": 3, "discord.guild": "5",
        "discord.owners.users": ["1", "2"], "spawn.count": 3,
    }  # fmt: skip
    if "'''" in text:
        text = text.replace("\n[plot]\n", "[plot]").replace("'''", "'")

    new = edited(FILE, text, changes)

    assert values(new) == {
        "machine": "m",
        "plot": {"k": 32, "threads": 3},
        "discord": {"guild": "5", "owners": {"users": ["1", "2"]}},
        "spawn": {"count": 3},
    }
    assert [part for part in ("# c", "# odd") if part in text and part not in new] == []


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("last", [True, False], ids=["closed", "open-end"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
def test_line_ends_and_marks_stay(tmp_path: Path, end: str, last: bool, mark: bytes) -> None:
    file = tmp_path / "plotobot.toml"
    text = HAND_MADE.replace("\n", end) if last else HAND_MADE.replace("\n", end).rstrip()
    file.write_bytes(mark + text.encode())

    edit_settings(file, {"spawn.max_parallel": 5, "plot.k": 33})

    written = file.read_bytes()
    assert written.startswith(mark + text[:20].encode())
    assert written.endswith(b"\n") == last
    assert (b"\r" in written) == (end == "\r\n")
    assert written.count(b"\n") == written.count(end.encode())
    assert load_settings(file, environ={}).written.plot.k == 33


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "plotobot.toml"
    real.write_text(HAND_MADE, encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)

    edit_settings(link, {"spawn.max_parallel": 5})

    assert link.is_symlink()
    assert "max_parallel = 5" in real.read_text(encoding="utf-8")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [link, real]


@pytest.mark.parametrize(
    ("text", "changes", "sentence"),
    [
        pytest.param("[plot", {"plot.k": 32}, "line 1", id="no-toml"),
        pytest.param("plot = 3", {"plot.k": 32}, "plot is 3, but must be a table", id="no-table"),
        pytest.param("[plot]\nkk = 1\n", {"plot.k": 32}, "kk", id="unknown-key-before"),
        pytest.param("", {"plot.kk": 32}, "kk", id="unknown-key"),
        pytest.param("", {"plot.k": 99}, "must be a whole number from 18 to 50", id="bad-value"),
        pytest.param("", {"plot.plotter": "chi"}, "did you mean", id="unknown-plotter"),
        pytest.param(
            "[drives]\ntemp = ['/a']\n", {"drives.out": ["/a"]}, "stands in both", id="crossing"
        ),
    ],
)
def test_what_cannot_be_used_is_not_written(
    tmp_path: Path, text: str, changes: Mapping[str, object], sentence: str
) -> None:
    file = tmp_path / "plotobot.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsError, match=sentence) as caught:
        edit_settings(file, changes, plotters=("chia",))

    assert len(caught.value.problems) == 1
    assert file.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        edit_settings(tmp_path / "plotobot.toml", {"plot.k": 32})


comments = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=12)
TABLES: Mapping[str, list[str]] = {
    "plot": ["k = 33", "threads   = 4", "buckets=128", "bitfield = true"],
    "spawn": ["max_parallel = 4", "count = 0", "interval_minutes = 5.0"],
    "alerts": ["enabled = true", "trouble = false"],
    "drives": ["temp = [ '/a',\n '/b' ]", 'out = ["/c"]'],
}


@st.composite
def files(draw: st.DrawFn) -> str:
    """Settings files in any order, with comments and blank lines everywhere."""
    lines: list[str] = draw(st.lists(comments.map(lambda c: f"#{c}"), max_size=2))
    for table in draw(st.permutations(sorted(TABLES)))[: draw(st.integers(0, len(TABLES)))]:
        lines.append(f"[{table}]")
        for key in draw(st.lists(st.sampled_from(TABLES[table]), unique=True)):
            lines += draw(st.lists(comments.map(lambda c: f"  # {c}") | st.just(""), max_size=2))
            lines.append(key + draw(st.just("") | comments.map(lambda c: f" # {c}")))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))


@given(
    files(),
    st.fixed_dictionaries(
        {},
        optional={
            "plot.k": st.integers(25, 40),
            "plot.threads": st.integers(1, 9),
            "spawn.max_parallel": st.integers(1, 9),
            "drives.out": st.just(["/c", "/d"]),
            "discord.guild": st.just("123"),
            "machine": st.just("barn"),
        },
    ),
)
def test_every_other_line_is_kept_in_its_order(text: str, changes: dict[str, object]) -> None:
    new = edited(FILE, text, changes)

    wanted = values(text)
    for key, value in changes.items():
        *tables, name = key.split(".")
        table = wanted
        for part in tables:
            table = table.setdefault(part, {})
        table[name] = value
    assert values(new) == wanted
    names = tuple(key.rpartition(".")[2] for key in changes)
    left = iter(new.split("\n"))
    for line in text.split("\n"):
        if line.lstrip().startswith(names) and names:
            if "#" in line:
                assert line[line.index("#") :] in new
        elif line:
            assert line in left, line


def test_of_several_comments_for_a_key_the_one_in_its_table_counts() -> None:
    new = edited(FILE, EXAMPLE, {"discord.viewers.users": ["1"]})
    assert values(new)["discord"]["viewers"] == {"users": ["1"]}
    assert new.index('users = ["1"]') > new.index("[discord.viewers]")
    assert '# users = ["345678901234567892"]\nusers = ["1"]\n' in new
