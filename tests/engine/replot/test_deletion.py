"""One old plot: what is deleted, what is not, and what the journal says of it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from plotobot.engine.drives import local_volumes
from plotobot.engine.models import DriveKind
from plotobot.engine.replot.deletion import Order, purge
from plotobot.engine.replot.folders import QUARANTINE, Odd, Vanished
from plotobot.engine.replot.journal import Fate
from plotobot.engine.replot.rule import Rule
from plotobot.engine.replot.settling import found, settle
from plotobot.engine.store import Store
from tests.engine.drives.conftest import Disks
from tests.engine.plot_files import NOW
from tests.engine.replot.conftest import OLD_KEY, Bench
from tests.little_plots import RealPlot


async def test_an_old_plot_goes_and_the_journal_says_so(bench: Bench, store: Store) -> None:
    (bench.folder / "plot.txt").write_text("not a plot")
    passed: list[str] = []

    assert await bench.delete(point=passed.append) is Fate.GONE

    assert bench.names() == {"plot.txt"}
    assert passed == ["examined", "journaled", "examined_again", "gone", "synced", "marked"]
    [entry] = await bench.journal.entries()
    assert (entry.fate, entry.target.id, entry.job) == (Fate.GONE, bench.plot.id, "job1")
    sql = "SELECT path, size, plot_id, why FROM deletions"
    assert await store.run(lambda db: list(map(tuple, db.execute(sql)))) == [
        (str(bench.path), entry.target.size, bench.plot.id,
         "replaced by the plot of job job1; armed by olga (1)"),
    ]  # fmt: skip


async def test_it_is_in_the_journal_before_it_goes(bench: Bench, store: Store) -> None:
    seen: list[tuple[bool, list[str]]] = []

    def point(name: str) -> None:
        if name == "examined_again":
            rows = sqlite3.connect(f"file:{bench.folder.parent}/plotobot.db?mode=ro", uri=True)
            with rows:
                fates = [row[0] for row in rows.execute("SELECT fate FROM replaced")]
            rows.close()
            seen.append((bench.path.exists(), fates))

    await bench.delete(point=point)

    assert seen == [(True, ["begun"])]


async def test_a_plot_is_put_aside_and_deleted_later(bench: Bench) -> None:
    order = bench.order(quarantine=True)

    assert await bench.delete(order) is Fate.QUARANTINED
    assert bench.names() == {QUARANTINE, f"{QUARANTINE}/{bench.path.name}"}
    assert await bench.fates() == [Fate.QUARANTINED]

    [entry] = await bench.journal.entries()
    await purge(entry, order, bench.journal, lambda: NOW)
    assert bench.names() == {QUARANTINE}
    assert await bench.fates() == [Fate.GONE]


async def test_a_plot_in_quarantine_that_was_exchanged_stays(bench: Bench) -> None:
    order = bench.order(quarantine=True)
    await bench.delete(order)
    [entry] = await bench.journal.entries()
    aside = bench.folder / QUARANTINE / bench.path.name
    aside.unlink()
    aside.write_bytes(b"precious")

    with pytest.raises(Odd, match="has changed"):
        await purge(entry, order, bench.journal, lambda: NOW)
    assert aside.read_bytes() == b"precious"


# What must not be deleted: each is done to the drive after it was read.


def grown(bench: Bench) -> None:
    with bench.path.open("ab") as file:
        file.write(b"more")


def touched(bench: Bench) -> None:
    os.utime(bench.path, ns=(1, 2))


def exchanged(bench: Bench) -> None:
    copy = bench.folder / "copy"
    shutil.copy2(bench.path, copy)
    copy.replace(bench.path)


def linked_elsewhere(bench: Bench) -> None:
    real = bench.folder.parent / "real"
    bench.path.replace(real)
    bench.path.symlink_to(real)


def named_twice(bench: Bench) -> None:
    (bench.folder / "second").hardlink_to(bench.path)


def a_folder(bench: Bench) -> None:
    bench.path.replace(bench.folder / "aside")
    bench.path.mkdir()


def a_pipe(bench: Bench) -> None:
    bench.path.replace(bench.folder / "aside")
    os.mkfifo(bench.path)


def another_header(bench: Bench) -> None:
    status = bench.path.stat()
    with bench.path.open("r+b") as file:
        file.seek(19)
        file.write(bytes(32))
    os.utime(bench.path, ns=(status.st_atime_ns, status.st_mtime_ns))


def no_header(bench: Bench) -> None:
    status = bench.path.stat()
    with bench.path.open("r+b") as file:
        file.write(bytes(19))
    os.utime(bench.path, ns=(status.st_atime_ns, status.st_mtime_ns))


def drive_replaced_by_a_link(bench: Bench) -> None:
    elsewhere = bench.folder.with_name("elsewhere")
    bench.folder.rename(elsewhere)
    bench.folder.mkdir()
    (bench.folder / bench.path.name).symlink_to(elsewhere / bench.path.name)


ODD: dict[str, tuple[Callable[[Bench], None], str]] = {
    "grown": (grown, "has changed since"),
    "touched": (touched, "has changed since"),
    "exchanged for a copy": (exchanged, "has changed since"),
    "a symbolic link": (linked_elsewhere, "no regular file"),
    "a second name": (named_twice, "would free nothing"),
    "a folder": (a_folder, "no regular file"),
    "a pipe": (a_pipe, "no regular file"),
    "another plot's header": (another_header, "another plot"),
    "no header": (no_header, "no plot any more"),
    "a drive of links": (drive_replaced_by_a_link, "no regular file"),
}


@pytest.mark.parametrize(("happens", "reason"), ODD.values(), ids=ODD)
@pytest.mark.parametrize("late", [False, True], ids=["before the journal", "after it"])
async def test_what_is_not_as_it_was_stays(
    bench: Bench, happens: Callable[[Bench], None], reason: str, *, late: bool
) -> None:
    order = bench.order()
    if not late:
        happens(bench)
    before = bench.names()

    def point(name: str) -> None:
        if late and name == "journaled":
            happens(bench)
            before.update(bench.names())

    with pytest.raises(Odd, match=reason):
        await bench.delete(order, point=point)

    assert bench.names() == before
    fates = await bench.fates()
    assert len(fates) == int(late)
    assert fates != [Fate.BEGUN]


async def test_what_is_not_there_is_told_apart(bench: Bench) -> None:
    order = bench.order()
    bench.path.unlink()

    with pytest.raises(Vanished):
        await bench.delete(order)
    assert await bench.fates() == []


RULES: dict[str, tuple[tuple[Rule, ...], str]] = {
    "no rule": ((), "no rule"),
    "an empty rule": ((Rule(farmer_keys=OLD_KEY.farmer_keys, new=OLD_KEY.new),), "cannot be told"),
    "new plots would be old": ((replace(OLD_KEY, new=None),), "cannot be told"),
    "another owner": ((replace(OLD_KEY, pool_keys=frozenset({"00" * 48})),), "is not old any more"),
    "protected": (
        (replace(OLD_KEY, protected=frozenset({bytes(range(32)).hex()})),), "replot.protected",
    ),
    "foreign": ((replace(OLD_KEY, farmer_keys=frozenset({"00" * 48})),), "farmer key is not yours"),
    "old by one of two": (
        (OLD_KEY, replace(OLD_KEY, not_pool_keys=OLD_KEY.pool_keys)),
        "is not old any more",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rules", "reason"), RULES.values(), ids=RULES)
async def test_what_the_rule_does_not_mean_stays(
    bench: Bench, rules: tuple[Rule, ...], reason: str
) -> None:
    with pytest.raises(Odd, match=reason):
        await bench.delete(bench.order(rules=rules))
    assert bench.path.exists()
    assert await bench.fates() == []


ORDERS: dict[str, tuple[Callable[[Order, Path], Order], str]] = {
    "on an out drive": (
        lambda o, _: replace(o, drive=replace(o.drive, kind=DriveKind.OUT)), "no replot drive",
    ),
    "on a missing drive": (
        lambda o, _: replace(o, drive=replace(o.drive, missing=True)), "is missing",
    ),
    "on a read-only drive": (
        lambda o, _: replace(o, drive=replace(o.drive, read_only=True)), "is read-only",
    ),
    "another drive's path": (
        lambda o, _: replace(o, target=replace(o.target, path="/etc/passwd")), "does not lie in",
    ),
    "a path that climbs": (
        lambda o, _: replace(
            o, target=replace(o.target, path=f"{o.drive.path}/../old/{o.target.name}")
        ), "does not lie in",
    ),
    "no path": (lambda o, _: replace(o, target=replace(o.target, path="")), "does not lie in"),
    "a bare name": (
        lambda o, _: replace(o, target=replace(o.target, path=o.target.name)), "does not lie in",
    ),
    "another device": (
        lambda o, _: replace(o, target=replace(o.target, device=1)), "Another drive",
    ),
    "another id": (lambda o, _: replace(o, target=replace(o.target, id="00" * 32)), "another plot"),
    "it is not allowed": (lambda o, _: replace(o, allowed=lambda: "Disarmed."), "Disarmed"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "reason"), ORDERS.values(), ids=ORDERS)
async def test_a_wrong_order_deletes_nothing(
    bench: Bench, tmp_path: Path, changed: Callable[[Order, Path], Order], reason: str
) -> None:
    with pytest.raises(Odd, match=reason):
        await bench.delete(changed(bench.order(), tmp_path))
    assert bench.path.exists()
    assert set(await bench.fates()) <= {Fate.KEPT}


async def test_a_plot_not_named_as_its_id_stays(bench: Bench) -> None:
    other = bench.folder / bench.path.name.replace(bench.plot.id, "ab" * 32)
    bench.path.rename(other)

    with pytest.raises(Odd, match="does not hold its id"):
        await bench.delete(bench.order(bench.known(other)))
    assert other.exists()


@pytest.mark.parametrize("trap", ["link", "file", "loop"])
async def test_a_quarantine_that_leads_elsewhere_takes_nothing(bench: Bench, trap: str) -> None:
    elsewhere = bench.folder.with_name("elsewhere")
    elsewhere.mkdir()
    aside = bench.folder / QUARANTINE
    if trap == "file":
        aside.write_bytes(b"")
    else:
        aside.symlink_to(elsewhere if trap == "link" else aside)

    with pytest.raises(Odd):
        await bench.delete(bench.order(quarantine=True))
    assert bench.path.exists()
    assert list(elsewhere.iterdir()) == []


async def test_nothing_is_replaced_in_quarantine(bench: Bench) -> None:
    (bench.folder / QUARANTINE).mkdir()
    there = bench.folder / QUARANTINE / bench.path.name
    there.write_bytes(b"precious")

    with pytest.raises(Odd):
        await bench.delete(bench.order(quarantine=True))
    assert there.read_bytes() == b"precious"
    assert bench.path.exists()
    assert await bench.fates() == [Fate.KEPT]


async def test_a_journal_that_cannot_be_written_stops_it(bench: Bench, store: Store) -> None:
    await store.run(lambda db: db.execute("DROP TABLE deletions"))

    with pytest.raises(sqlite3.Error):
        await bench.delete()
    assert bench.path.exists()


async def test_what_lies_on_a_missing_drive_is_not_settled(bench: Bench) -> None:
    order = bench.order()
    await bench.journal.begin(order.target, NOW, job="job1", verified=False, by="olga (1)")
    look, entries = local_volumes().look, await bench.journal.entries()
    missing = replace(bench.drive, missing=True)
    other = replace(bench.drive, filesystem="another")

    for drives in ([], [missing], [other]):
        assert await settle(bench.journal, entries, drives, look, lambda: NOW) == []
    assert await bench.fates() == [Fate.BEGUN]

    [entry] = await settle(bench.journal, entries, [bench.drive], look, lambda: NOW)
    assert entry.fate is Fate.KEPT
    assert await bench.fates() == [Fate.KEPT]


async def test_an_empty_mount_point_tells_nothing(bench: Bench) -> None:
    target = bench.order().target
    bench.path.unlink()

    with pytest.raises(FileNotFoundError):
        found(target, Fate.BEGUN, target.device + 1)
    assert found(target, Fate.BEGUN, target.device) is Fate.GONE


@pytest.mark.mounts
async def test_another_drive_at_the_same_place_keeps_its_plots(
    disks: Disks, store: Store, pool_plot: RealPlot
) -> None:
    from plotobot.engine.replot.journal import Journal

    first = disks.disk("old", "first", mib=24)
    bench = Bench(first, pool_plot, Journal(store))
    order = bench.order()
    disks.take(first)
    assert list(first.iterdir()) == []

    with pytest.raises(Odd, match="Another drive"):
        await bench.delete(order)

    disks.disk("old", "second", mib=24)
    bench.path.write_bytes(pool_plot.path.read_bytes())
    with pytest.raises(Odd, match=r"Another drive|has changed"):
        await bench.delete(order)
    assert bench.path.exists()


async def test_times_are_the_clocks(bench: Bench) -> None:
    await bench.delete()

    [entry] = await bench.journal.entries()
    assert entry.at == entry.ended_at == NOW
    assert entry.at.utcoffset() == timedelta(0)
