"""Settings that are right by themselves and wrong together. Works on the text's plain values."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from plotobot.engine.models import EventKind
from plotobot.settings._problem import Problem
from plotobot.telling import URGENT

_LABEL = "label:"


def crossings(data: object) -> list[Problem]:
    """Find drives named twice, a pool key beside a contract, and routes for no kind of news.

    Args:
        data: what the TOML holds; parts that are of a wrong type are passed over, since they are
            reported elsewhere.
    """
    tables = data if isinstance(data, Mapping) else {}
    profiles = tables.get("profiles")
    return [
        *_drive_crossings(tables.get("drives")),
        *_key_crossings(tables.get("plot"), ("plot",)),
        *(
            problem
            for name, profile in (profiles.items() if isinstance(profiles, Mapping) else ())
            for problem in _key_crossings(profile, ("profiles", str(name)))
        ),
        *_route_crossings(tables.get("alerts")),
    ]


def _route_crossings(alerts: object) -> Iterator[Problem]:
    routes = alerts.get("routes") if isinstance(alerts, Mapping) else None
    known = [URGENT, *(kind.value for kind in EventKind)]
    for name in routes if isinstance(routes, Mapping) else ():
        if name not in known:
            near = difflib.get_close_matches(str(name).lower(), known, n=1)
            advice = f"did you mean {near[0]}?" if near else "[alerts] has them all, or critical."
            yield Problem(
                f"alerts.routes has a route for what is no kind of news; {advice}",
                ("alerts", "routes", str(name)),
            )


def _key_crossings(table: object, path: tuple[str, ...]) -> Iterator[Problem]:
    if isinstance(table, Mapping) and table.get("pool_key") and table.get("contract"):
        where = ".".join(path)
        yield Problem(
            f"{where}.pool_key and {where}.contract exclude each other; "
            "keep contract to farm in a pool by NFT, or pool_key for the old way.",
            (*path, "contract"),
        )


def _drive_crossings(drives: object) -> Iterator[Problem]:
    if not isinstance(drives, Mapping):
        return
    sets = {name: _texts(entries) for name, entries in drives.items()}
    for name, entries in sets.items():
        yield from _twice(name, entries)
    for (name, entries), (other, others) in combinations(sets.items(), 2):
        for entry in dict.fromkeys(entries):
            for counterpart in dict.fromkeys(others):
                yield from _shared(name, entry, other, counterpart)


def _texts(entries: object) -> list[str]:
    if isinstance(entries, str) or not isinstance(entries, Sequence):
        return []
    return [text for entry in entries if isinstance(entry, str) and (text := entry.strip())]


def _twice(name: str, entries: Sequence[str]) -> Iterator[Problem]:
    seen: set[str] = set()
    for entry in entries:
        if _same(entry) in seen:
            yield Problem(
                f'drives.{name} names "{entry}" twice; keep one of them.', ("drives", name)
            )
        seen.add(_same(entry))


def _shared(name: str, entry: str, other: str, counterpart: str) -> Iterator[Problem]:
    where = ("drives", other)
    if _same(entry) == _same(counterpart):
        yield Problem(
            f'"{counterpart}" stands in both drives.{name} and drives.{other}; '
            "a drive can serve for one thing only, so take it out of one of them.",
            where,
        )
        return
    label, longer = _label(entry), _label(counterpart)
    if label is None or longer is None:
        return
    if longer in label:
        name, entry, other, counterpart = other, counterpart, name, entry
    elif label not in longer:
        return
    yield Problem(
        f'"{entry}" of drives.{name} also matches every drive that "{counterpart}" of '
        f"drives.{other} matches, since a label need only contain the text; "
        "give the drives labels that do not contain each other.",
        where,
    )


def _same(entry: str) -> str:
    """What tells entries apart. Paths of Linux and macOS keep their case, all else does not."""
    if (label := _label(entry)) is not None:
        return _LABEL + label
    bare = entry.rstrip("/\\") or entry
    return bare if bare.startswith("/") else bare.casefold()


def _label(entry: str) -> str | None:
    if not entry.casefold().startswith(_LABEL):
        return None
    return entry[len(_LABEL) :].strip().casefold() or None
