"""Jobs and events as rows of the database, and back; what is damaged is told from what is not."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

from pydantic import TypeAdapter, ValidationError

from plotobot.engine.models import Event, EventKind, Job

log = logging.getLogger(__name__)

NEVER = datetime.min.replace(tzinfo=UTC)


@cache
def job_adapter() -> TypeAdapter[Job]:
    """Turns jobs into JSON and back; built at the first use, for that takes some 30 ms."""
    return TypeAdapter(Job)


def sortable(moment: datetime) -> str:
    """A form of a time that sorts as text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def job_row(job: Job) -> tuple[object, ...]:
    """A job as a row."""
    ended = sortable(job.ended_at) if job.ended_at else None
    body = job_adapter().dump_json(job).decode()
    return job.id, job.state.value, sortable(job.created_at or NEVER), ended, body


def event_row(event: Event) -> tuple[object, ...]:
    """An event as a row, without its id."""
    job = job_adapter().dump_json(event.job).decode() if event.job else None
    data = json.dumps(dict(event.data))
    return event.nonce, event.kind.value, sortable(event.at), job, data


def read_event(row: sqlite3.Row) -> Event:
    """The event of a row; one that is damaged becomes news of that."""
    event_id, nonce, kind, at, job, data = row
    try:
        known = job_adapter().validate_json(job) if job else None
        told = Event(EventKind(kind), datetime.fromisoformat(at), known, dict(json.loads(data)))
    except (ValueError, TypeError, RecursionError):  # the text within the database is damaged
        what = "a piece of news cannot be read any more: its place in the database is damaged"
        told = Event(EventKind.TROUBLE, datetime.now(UTC), None, {"what": what})
    return replace(told, id=event_id, nonce=nonce)


def read_jobs(rows: Iterable[sqlite3.Row]) -> list[Job]:
    """The jobs that can be read; what is damaged is rebuilt from its job directory."""
    found, adapter = [], job_adapter()
    for row in rows:
        try:
            found.append(adapter.validate_json(row[0]))
        except (ValidationError, TypeError):
            log.warning("a job's row in the database is damaged")
    return found
