from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from plotobot.errors import Refusal
from plotobot.farmlog import files
from plotobot.farmlog.files import default_log
from plotobot.farmlog.moments import moment
from plotobot.farmlog.report import Kind, read_farm_log
from plotobot.farmlog.statistics import Gap, Hour, PlotChange
from plotobot.farmlog.wording import masked, shape

LOG = Path(__file__).parent / "logs" / "debug-2.7.5.log"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = "8f" * 48


def line(at: datetime, level: str = "INFO", message: str = "x", service: str = "harvester") -> str:
    head = f"{at:%Y-%m-%dT%H:%M:%S}.000 2.7.5 {service} "
    return f"{head}chia.{service}.{service}: {level:8} {message}\n"


def eligible(at: datetime, plots: int = 1, proofs: int = 0, took: float = 0.5, total: int = 100):
    return line(
        at,
        message=f"challenge_hash: 122c597083 ...{plots} plots were eligible for farming challenge"
        f"Found {proofs} V1 proofs and 0 V2 qualities. Time: {took:.5f} s. Total {total} plots",
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "debug.log"


def stats_of(log: Path, *lines: str):
    log.write_text("".join(lines), encoding="utf-8")
    return read_farm_log(log, zone=UTC).stats


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_the_figures_of_the_real_log():
    stats = read_farm_log(LOG, zone=UTC).stats

    assert (stats.challenges, stats.eligible, stats.proofs, stats.plots) == (3, 9, 8, 6)
    assert (stats.lookups.p50, stats.lookups.max, stats.lookups.over_5) == (0.01915, 0.0513, 0)
    assert (stats.errors, stats.warnings, stats.info) == (8, 6, True)
    assert stats.hours == (Hour(datetime(2026, 11, 23, 16, tzinfo=UTC), 3, 9, 8),)
    assert [fault.count for fault in stats.faults if fault.level == "ERROR"] == [3, 2, 2, 1]


def test_lookup_times_and_how_many_were_too_slow(log):
    took = [0.1] * 97 + [5.5, 9.0, 30.0]
    stats = stats_of(log, *(eligible(after(9 * n), took=t) for n, t in enumerate(took)))

    assert (stats.lookups.p50, stats.lookups.p99, stats.lookups.max) == (0.1, 9.0, 30.0)
    assert (stats.lookups.over_5, stats.lookups.over_8, stats.lookups.over_28) == (3, 2, 1)


def test_plots_by_the_hour(log):
    stats = stats_of(log, *(eligible(after(1800 * n), n) for n in range(4)))

    assert [(hour.start.hour, hour.challenges, hour.eligible) for hour in stats.hours] == [
        (12, 2, 1), (13, 2, 5),
    ]  # fmt: skip


def test_changes_of_the_number_of_plots(log):
    stats = stats_of(log, *(eligible(after(9 * n), total=t) for n, t in enumerate([7, 7, 5, 9])))

    assert stats.plot_changes == (PlotChange(after(18), 7, 5), PlotChange(after(27), 5, 9))
    assert stats.plots == 9


def test_a_gap_between_eligible_lines(log):
    stats = stats_of(log, *(eligible(after(n)) for n in (0, 9, 54, 63)))

    assert stats.gaps == (Gap(after(54), 45.0),)


@pytest.mark.parametrize(
    ("points", "skipped"),
    [
        ([(0, 1), (9, 2), (18, 3)], 0),
        ([(0, 63), (9, 64), (18, 1)], 0),
        ([(0, 1), (37, 5)], 3),
        ([(0, 5), (9, 4), (18, 5), (27, 6)], 0),
        ([(0, 5), (600, 5)], 63),
    ],
    ids=["in order", "round the corner", "three left out", "a reorganisation", "ten minutes"],
)
def test_signage_points_left_out(log, points, skipped):
    stats = stats_of(
        log,
        *(
            line(
                after(at), message=f"⏲️  Finished signage point {n}/64: CC: ab", service="full_node"
            )
            for at, n in points
        ),
    )

    assert stats.signage_skipped == skipped


def test_without_info_lines_it_says_how_to_have_them(log):
    log.write_text(line(NOON, "WARNING", "says: INFO too"))

    hint = read_farm_log(log).hint

    assert "chia configure --set-log-level INFO" in hint
    assert read_farm_log(LOG).hint is None


def test_a_time_without_records(log):
    log.write_text(line(NOON))

    assert read_farm_log(log, since=after(60), zone=UTC).hint == (
        "The log holds nothing of that time."
    )


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "There is no log"),
        (os.mkdir, "is not a file"),
        (os.mkfifo, "is not a file"),
        (Path.touch, "is empty"),
        (lambda path: path.write_text("root:x:0:0\n"), "is no log of chia's"),
        (lambda path: path.write_bytes(b"\x1f\x8b\x08broken"), "cannot be read"),
        (lambda path: path.write_bytes(gzip.compress(LOG.read_bytes())[:900]), "cannot be read"),
        (lambda path: path.symlink_to(path), "cannot be read|There is no log"),
    ],
    ids=["missing", "folder", "fifo", "empty", "foreign", "no gzip", "cut gzip", "loop"],
)
def test_what_is_no_log_is_one_sentence(log, make, said):
    make(log)

    with pytest.raises(Refusal, match=said) as refused:
        read_farm_log(log)

    assert "\n" not in str(refused.value)


def test_gzip_and_what_powershell_writes_read_the_same(tmp_path):
    text = LOG.read_text(encoding="utf-8")
    (tmp_path / "a.gz").write_bytes(gzip.compress(LOG.read_bytes()))
    (tmp_path / "b").write_bytes(text.replace("\n", "\r\n").encode("utf-16"))
    (tmp_path / "c").write_bytes(b"\xef\xbb\xbf" + text.encode())

    wanted = read_farm_log(LOG)
    assert [read_farm_log(tmp_path / name) for name in ("a.gz", "b", "c")] == [wanted] * 3


def test_rotated_logs_are_read_as_far_back_as_asked(log):
    for number, name in enumerate(["debug.log.3", "debug.log.2.gz", "debug.log.1", "debug.log"]):
        text = "".join(eligible(after(3600 * number + 600 * n), number) for n in range(6)).encode()
        log.with_name(name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)

    def plots(since: float):
        found = read_farm_log(log, Kind.ELIGIBLE, since=after(since), zone=UTC)
        return [int(one.message.split("...")[1].split()[0]) for one in found.records]

    assert plots(3600 * 3 + 3000) == [3]
    assert plots(3600 * 1 + 2400) == [1, 1, *[2] * 6, *[3] * 6]
    assert plots(-1) == [0] * 6 + [1] * 6 + [2] * 6 + [3] * 6
    assert len(read_farm_log(log, Kind.ELIGIBLE).records) == 6
    log.write_bytes(b"")  # the moment after a rotation
    assert plots(3600 * 2) == [2] * 6


@pytest.mark.parametrize("piece", [100, 333, 4096])
def test_wherever_the_pieces_end_the_records_are_the_same(monkeypatch, piece):
    wanted = read_farm_log(LOG)
    monkeypatch.setattr(files, "PIECE", piece)

    assert read_farm_log(LOG) == wanted


def test_the_place_of_a_moment_is_found_without_reading_all(log, monkeypatch):
    monkeypatch.setattr(files, "PIECE", 2000)
    monkeypatch.setattr(files, "PEEK", 500)
    log.write_text("".join(eligible(after(9 * n), n) for n in range(2000)))

    for at in (0, 1, 900, 1999):
        found = read_farm_log(log, Kind.ELIGIBLE, since=after(9 * at), zone=UTC)
        assert found.stats.challenges == len(found.records) == 2000 - at
        blocks = list(files.blocks(log, after(9 * at), UTC))
        assert sum(map(len, blocks)) < (2000 - at) * 225 + 6000


def test_a_line_without_end_does_not_fill_the_memory(log, monkeypatch):
    monkeypatch.setattr(files, "PIECE", 1000)
    monkeypatch.setattr(files, "LONGEST", 4000)
    log.write_text(line(NOON) + "x" * 100_000 + "\n" + line(after(1)))

    assert max(map(len, files.blocks(log))) <= 5000
    assert len(read_farm_log(log).records) == 2


def test_where_chia_keeps_its_log(monkeypatch):
    monkeypatch.setenv("HOME", "/home/farmer")
    assert default_log({}) == Path("/home/farmer/.chia/mainnet/log/debug.log")
    assert default_log({"CHIA_ROOT": "/c"}) == Path("/c/log/debug.log")
    assert default_log({"CHIA_ROOT": "~/t"}) == Path("/home/farmer/t/log/debug.log")


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "back"),
    [("24h", timedelta(hours=24)), (" 90 M ", timedelta(minutes=90)), ("7d", timedelta(days=7))],
)
def test_spans(text, back):
    assert moment(text, NOON) == NOON - back


def test_times():
    assert moment("2026-11-23T11:00+00:00", NOON) == NOON - timedelta(hours=1)
    assert moment("2026-11-23T11:00", NOON).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "soon", "-3h", "999999w", "2026-13-01", "0001-01-01"])
def test_what_is_no_time(text):
    with pytest.raises(Refusal, match="is no time"):
        moment(text, NOON)


def test_messages_of_one_kind_have_one_shape():
    one = f"Failed to open file /mnt/d1/plot-k32-{'a1' * 32}.plot. bad after size 3 at 37"
    two = f"Failed to open file E:\\farm\\plot-k32-{'b2' * 32}.plot. bad after size 9 at 4000"

    assert shape(one) == shape(two)
    assert shape(f"{'x' * 190} at 37 and on") == shape(f"{'x' * 190} at 3735180 and on")
    assert len(shape("x" * 999)) == 200
    assert shape(one) != shape("Failed to open file /mnt/d1/x.plot. other words")


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (KEY, f"farmer key {KEY} is not"),
        (KEY, f"farmer key 0x{KEY} is not"),
        ("q" * 58, f"to xch1{'q' * 58} now"),
        ("hunter2", "wss://me:hunter2@pool.example/x"),
        ("s3cr3t", "GET /farmer?authentication_token=s3cr3t&launcher_id=1"),
        ("s3cr3t", "{'signature': 's3cr3t', 'a': 1}"),
    ],
)
def test_keys_addresses_and_tokens_are_cut_short(secret, message):
    assert secret not in masked(message)
    assert "…" in masked(message)
