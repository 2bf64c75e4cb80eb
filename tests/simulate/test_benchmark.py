"""The quick set of the scheduler's benchmark, as continuous integration runs it."""

import json
import re
from dataclasses import replace

import pytest

from benchmarks.scheduler.__main__ import BLIND, Task, main, run, searched
from benchmarks.scheduler.one_pass import ROOMY, TIGHT, case
from benchmarks.scheduler.peers import plotman_settings
from benchmarks.scheduler.rigs import every_rig, held_out, rig_class
from benchmarks.scheduler.rows import Row, beside_tuned, table
from plotobot.engine.planner import plan
from plotobot.simulate.rig import Span

FLOORS = {"A": 0.95, "C": 0.94, "R02": 0.85, "R11": 0.85}
"""What auto mode makes of the bound at least, a little below what it does."""


def test_the_quick_set_holds_its_floors_and_overcommits_nothing(tmp_path, capsys):
    rows, chart = tmp_path / "rows.json", tmp_path / "chart.png"

    code = main(["--quick", "--processes", "2", "--json", str(rows), "--chart", str(chart)])

    auto = {one["rig"]: one for one in json.loads(rows.read_text()) if one["policy"] == "auto"}
    assert code == 0
    assert {rig: one["share"] for rig, one in auto.items() if one["share"] < FLOORS[rig]} == {}
    assert auto.keys() == FLOORS.keys()
    assert "overcommits of auto mode: 0" in capsys.readouterr().out
    assert chart.read_bytes().startswith(b"\x89PNG")


def test_a_row_is_the_mean_of_its_runs_and_feasible_only_if_all_are():
    short = Span(days=2.0, warm_up=0.5, seed=5)
    single = [run(Task("A", "Swar, defaults", replace(short, seed=seed))) for seed in (5, 6, 7)]
    row = run(Task("A", "Swar, defaults", short, runs=3))

    assert len({one.share for one in single}) == 3
    assert row.share == pytest.approx(sum(one.share for one in single) / 3)
    assert row.feasible == all(one.feasible for one in single)
    assert row.fullest == max(one.fullest for one in single)


def test_auto_mode_without_its_knee_looks_for_none(monkeypatch):
    looks = []
    monkeypatch.setattr("plotobot.simulate.production.knees", lambda *_: looks.append(1) or {})
    short = Span(days=1.0, warm_up=0.2)

    run(Task("C", BLIND, short))
    assert not looks
    run(Task("C", "auto", short))
    assert looks


def test_the_held_out_rigs_are_of_every_class_and_never_change():
    classes = [rig_class(one) for one in held_out()]

    assert {name: classes.count(name) for name in set(classes)} == {
        "cpu": 17,
        "memory": 9,
        "temp": 14,
    }
    assert len(searched()) == 15
    assert every_rig()["R02"].bound.plots_a_day == pytest.approx(26.97, abs=0.01)


def test_the_tables_tell_medians_and_what_auto_mode_is_beside_tuned_settings():
    rows = [
        Row("A", "auto", 0.98, 33.0, True, 0.99, 8, 3),
        Row("A", "plotman, best of 200", 0.49, 16.0, True, 0.99, 8, 0),
    ]

    assert "| A | auto | 0.980 | 0.980 | 0 | 3 |" in table(rows)
    assert re.search(r"A \(1\) \| plotman, best of 200 \| 2\.000", beside_tuned(rows))


@pytest.mark.parametrize(("cores", "rule"), [(TIGHT, "cores"), (ROOMY, "space_ahead")])
def test_the_timed_pass_asks_every_drive(cores, rule):
    decided = plan(*case(cores))

    assert len(decided.holds) == 16
    assert {hold.rule for hold in decided.holds} == {rule}


def test_the_tried_settings_are_the_same_each_time():
    import random

    rig = every_rig()["C"]

    assert plotman_settings(rig, random.Random(7)) == plotman_settings(rig, random.Random(7))
