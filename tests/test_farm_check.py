"""What `plotobot check` says of the farm's log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from plotobot.engine.config import FarmSettings
from plotobot.surroundings import check_farm_log


def line(level: str, message: str) -> str:
    now = datetime.now()  # noqa: DTZ005 - local, as in the log
    return (
        f"{now:%Y-%m-%dT%H:%M:%S}.000 2.7.5 harvester chia.harvester.harvester: {level} {message}\n"
    )


ELIGIBLE = line(
    "INFO",
    "challenge_hash: 122c597083 ...3 plots were eligible for farming challengeFound 3 V1 proofs "
    "and 0 V2 qualities. Time: 0.05130 s. Total 6 plots",
)


@pytest.mark.parametrize(
    ("text", "level", "said"),
    [
        (ELIGIBLE, "ok", "1 challenge in a day"),
        (line("WARNING", "x"), "warning", "--set-log-level INFO"),
        ("", "warning", "is empty"),
        ("nonsense\n", "warning", "no log of chia's"),
        (None, "warning", "There is no log"),
    ],
    ids=["well", "level", "empty", "foreign", "missing"],
)
def test_the_log_that_is_named(tmp_path: Path, text: str | None, level: str, said: str) -> None:
    log = tmp_path / "debug.log"
    if text is not None:
        log.write_text(text)

    (finding,) = check_farm_log(FarmSettings(log=log), {})

    assert finding.level == level
    assert said in finding.what


def test_without_chia_and_without_a_watch_nothing_is_said(tmp_path: Path) -> None:
    nowhere = {"CHIA_ROOT": str(tmp_path)}

    assert list(check_farm_log(FarmSettings(), nowhere)) == []
    assert list(check_farm_log(FarmSettings(watch=False, log=tmp_path / "x"), nowhere)) == []
