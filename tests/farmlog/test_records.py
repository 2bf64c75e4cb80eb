from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from plotobot.farmlog.clock import Clock
from plotobot.farmlog.facts import Lookup, SlowPlot, lookup, signage_point, slow_plot
from plotobot.farmlog.records import cleaned, first_head, heads, last_head, record
from plotobot.farmlog.report import Kind, read_farm_log

LOG = Path(__file__).parent / "logs" / "debug-2.7.5.log"
ID = "ab" * 32
HARVESTER = "2026-11-23T16:00:07.266 2.7.5 harvester chia.harvester.harvester: "
LINES = {
    "1.0": (
        (
            "2021-04-02T10:39:36.535 harvester src.harvester.harvester : INFO     2 plots were "
            "eligible for farming e25e7cb36a... Found 1 proofs. Time: 1.05515 s. Total 42 plots"
        ),
        (None, "harvester", "src.harvester.harvester", "INFO"),
        Lookup(2, 1, 0, 1.05515, 42),
    ),
    "1.1 to 2.4.3, and log_backcompat": (
        (
            "2021-05-28T00:13:36.512 harvester chia.harvester.harvester: INFO     0 plots were "
            "eligible for farming fba6f486bd... Found 0 proofs. Time: 0.05112 s. Total 43 plots"
        ),
        (None, "harvester", "chia.harvester.harvester", "INFO"),
        Lookup(0, 0, 0, 0.05112, 43),
    ),
    "2.4.4 to 2.5.6": (
        (
            "2024-11-02T10:39:36.535 2.4.4 harvester chia.harvester.harvester: INFO     "
            "11 plots were eligible for farming bc8f63ccac... Found 2 proofs. Time: 0.85744 s. "
            "Total 4777 plots"
        ),
        ("2.4.4", "harvester", "chia.harvester.harvester", "INFO"),
        Lookup(11, 2, 0, 0.85744, 4777),
    ),
    "2.5.7 on": (
        HARVESTER + "INFO     challenge_hash: 122c597083 ...3 plots were eligible for farming "
        "challengeFound 3 V1 proofs and 2 V2 qualities. Time: 0.05130 s. Total 6 plots",
        ("2.7.5", "harvester", "chia.harvester.harvester", "INFO"),
        Lookup(3, 3, 2, 0.0513, 6),
    ),
    "2.5.7 on, should it gain its spaces": (
        HARVESTER + "INFO     challenge_hash: 122c597083 ... 3 plots were eligible for farming "
        "challenge Found 3 V1 proofs and 0 V2 qualities.  Time: 1 s. Total 6 plots",
        ("2.7.5", "harvester", "chia.harvester.harvester", "INFO"),
        Lookup(3, 3, 0, 1.0, 6),
    ),
    "a version with letters": (
        "2026-11-23T16:00:07.121 2.7.6rc1.dev3+g12ab harvester chia.plotting.cache: INFO x",
        ("2.7.6rc1.dev3+g12ab", "harvester", "chia.plotting.cache", "INFO"),
        None,
    ),
    "a foreign logger": (
        "2026-11-23T16:06:14.397 2.7.5 daemon asyncio                    : ERROR    Task exception",
        ("2.7.5", "daemon", "asyncio", "ERROR"),
        None,
    ),
    "no service": (
        "2026-11-23T16:06:14.397 2.7.5  chia.cmds.start                  : CRITICAL x",
        ("2.7.5", "", "chia.cmds.start", "CRITICAL"),
        None,
    ),
    "a full node with a sprout": (
        "2026-11-23T16:11:46.947 2.7.5 full_node chia.full_node.full_node: INFO     🌱 Updated",
        ("2.7.5", "full_node", "chia.full_node.full_node", "INFO"),
        None,
    ),
    "an empty message": (
        "2026-11-23T16:11:46.947 2.7.5 farmer chia.farmer.farmer         : WARNING",
        ("2.7.5", "farmer", "chia.farmer.farmer", "WARNING"),
        None,
    ),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("end", ["\n", "\r\n", ""], ids=["LF", "CRLF", "cut"])
def test_every_form_of_line(name, end):
    line, (version, service, logger, level), found = LINES[name]

    (head,) = heads(cleaned((line + end).encode()))
    one = record(head, Clock(UTC).utc(head["time"]))

    assert (one.version, one.service, one.logger, one.level) == (version, service, logger, level)
    assert one.time == datetime.fromisoformat(line[:23] + "+00:00")
    assert not one.message.endswith("\r")
    assert line.rstrip().endswith(one.message)
    assert lookup(head["message"]) == found


def test_colours_and_the_zeros_of_a_power_cut_are_taken_away():
    line = LINES["2.5.7 on"][0]
    coloured = line.replace("INFO     ", "\x1b[32mINFO    \x1b[0m ").encode()
    data = b"\x1b[2m" + coloured + b"\ncut in the mid" + b"\0" * 4096 + line.encode() + b"\n"

    found = heads(cleaned(data))

    assert [lookup(head["message"]) for head in found] == [LINES["2.5.7 on"][2]] * 2


def test_damaged_text_is_read_all_the_same():
    (head,) = heads(HARVESTER.encode() + b"ERROR    \xff\xfe bad \xc3")

    assert record(head, Clock(UTC).utc(head["time"])).message == "�� bad �"


@pytest.mark.parametrize("no_time", ["2026-13-01T00:00:00.000", "2026-02-30T00:00:00.000"])
def test_a_time_that_is_none_makes_no_record(no_time):
    (head,) = heads(f"{no_time} 2.7.5 daemon asyncio : ERROR x".encode())

    assert Clock(UTC).utc(head["time"]) is None


@pytest.mark.parametrize("what", ["qualities", "partial proofs"])
@pytest.mark.parametrize("limit", [5, 8])
def test_a_slow_plot(what, limit):
    message = (
        f"Looking up {what} on /mnt/my d7/plot-k32-c07-{ID}.plot took: 12.339. This should be "
        f"below {limit} seconds to minimize risk of losing rewards."
    )

    assert slow_plot(message) == SlowPlot(f"/mnt/my d7/plot-k32-c07-{ID}.plot", 12.339, limit)


def test_a_signage_point():
    assert signage_point("⏲️  Finished signage point 12/64: CC: ab RC: cd".encode()) == 12
    assert signage_point(b"Finished signage") is None


def test_a_traceback_belongs_to_the_record_above_it():
    records = read_farm_log(LOG, zone=UTC).records

    assert len(records) == 21
    failed = [one for one in records if one.message.startswith("Failed to open file /mnt/b")]
    lines = failed[0].message.split("\n")
    assert lines[0].endswith("Traceback (most recent call last):")
    assert lines[-1] == "RuntimeError: badbit or failbit after reading size 3 at position 3735180"
    assert "" not in lines
    assert records[-1].message.endswith("ValueError: Path doesn't exist: /nope")


def test_a_file_that_begins_within_a_traceback():
    data = b"  File x\nValueError: y\n\n" + HARVESTER.encode() + b"INFO     z\n"

    assert first_head(data)["message"] == last_head(data)["message"] == b"z"
    assert first_head(data[:12]) is last_head(data[:12]) is None
    assert [head["message"] for head in heads(data)] == [b"z"]


@pytest.mark.parametrize(
    ("kind", "count"), [(Kind.ELIGIBLE, 3), (Kind.ERROR, 8), (Kind.WARNING, 6), (None, 21)]
)
def test_the_real_log_by_kind(kind, count):
    everything = read_farm_log(LOG, zone=UTC).records
    found = read_farm_log(LOG, kind, zone=UTC)

    assert len(found.records) == count
    assert set(found.records) <= set(everything)
    assert read_farm_log(LOG, kind, zone=UTC, lines=2).records == found.records[-2:]


def test_skipping_finds_what_reading_each_line_finds():
    data = LOG.read_bytes()
    needles = (b": ERROR", b"plots were eligible")

    wanted = [h.start() for h in heads(data) if any(n in h[0] for n in needles)]

    assert [head.start() for head in heads(data, needles)] == wanted


# --- the hour that comes twice --------------------------------------------------------------------

ZURICH = ZoneInfo("Europe/Zurich")


def times(zone, *texts):
    clock = Clock(zone)
    return [f"{clock.utc(f'2026-{text}.000'.encode()):%H:%M}" for text in texts]


def test_the_hour_that_comes_twice_is_told_apart_by_order():
    local = ("10-25T01:59:50", "10-25T02:00:00", "10-25T02:59:59", "10-25T02:00:00",
             "10-25T02:30:00", "10-25T02:59:50", "10-25T02:59:49", "10-25T03:00:00")  # fmt: skip

    assert times(ZURICH, *local) == [
        "23:59", "00:00", "00:59", "01:00", "01:30", "01:59", "01:59", "02:00",
    ]  # fmt: skip


def test_a_little_disorder_is_not_the_second_round():
    local = ("10-25T02:10:00", "10-25T02:09:58", "10-25T02:10:01")

    assert times(ZURICH, *local) == ["00:10", "00:09", "00:10"]


def test_the_hour_that_never_is_goes_on_from_the_one_before():
    assert times(ZURICH, "03-29T01:59:59", "03-29T02:30:00", "03-29T03:00:00") == [
        "00:59", "01:30", "01:00",
    ]  # fmt: skip


def test_half_an_hour_that_comes_twice():
    local = ("04-05T01:29:00", "04-05T01:59:00", "04-05T01:31:00", "04-05T02:00:00")

    assert times(ZoneInfo("Australia/Lord_Howe"), *local) == ["14:29", "14:59", "15:01", "15:30"]


def test_a_clock_that_was_set_back_is_believed():
    assert times(ZURICH, "07-01T12:00:00", "07-01T10:00:00") == ["10:00", "08:00"]


# --- whatever stands in it ------------------------------------------------------------------------


def mutations(data: bytes, count: int):
    """Cut, doubled, swapped and overwritten logs."""
    chance = random.Random(7)
    for _ in range(count):
        piece = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            at, size = chance.randrange(len(piece)), chance.randint(0, 60)
            deed = chance.randrange(4)
            if deed == 0:
                del piece[at : at + size]
            elif deed == 1:
                piece[at:at] = chance.randbytes(size)
            elif deed == 2:
                piece[at : at + size] = bytes([chance.choice(b"\0\r\n\x1b 09:.T")]) * size
            else:
                piece[at:at] = piece[chance.randrange(len(piece)) :][:size]
            piece = piece or bytearray(b"\n")
        yield bytes(piece)


def test_three_thousand_damaged_logs_raise_nothing(tmp_path):
    log = tmp_path / "debug.log"
    real = LOG.read_bytes()
    lines = "\n".join(line for line, *_ in LINES.values()).encode()
    for data in mutations(lines + b"\n" + real[:1500] + real[-3000:], 3000):
        log.write_bytes(data)
        found = read_farm_log(log)
        assert found.stats.challenges <= 20
        assert len(found.records) <= 60
