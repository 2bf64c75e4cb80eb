"""Tickets for a second press: whose it is, what for, until when, and unforgeable."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime, timedelta

from plotobot.errors import Refusal

LIFE = timedelta(seconds=60)
"""How long a ticket holds."""


class Seals:
    """Gives tickets and takes each back once.

    The key is random for each process, so no ticket outlives a restart: a person who comes back
    after one sees the loss in fresh numbers before anything is stopped.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._spent: dict[str, float] = {}

    def issue(self, job_id: str, person: int, now: datetime) -> str:
        """A ticket for one person and one job: `job:person:expiry:mac`."""
        expiry = int((now + LIFE).timestamp())
        claim = f"{job_id}:{person}:{expiry}"
        return f"{claim}:{self._mac(claim)}"

    def redeem(self, ticket: str, person: int, now: datetime, command: str) -> str:
        """Take a ticket and give the job it is for; `command` is where to get another one.

        Raises:
            Refusal: it is forged, another person's, too old, or used already.
        """
        claim, _, mac = ticket.rpartition(":")
        if not hmac.compare_digest(self._mac(claim).encode(), mac.encode()):
            raise Refusal("This button is not from now: Plotobot did not make it since it started.")
        job_id, owner, expiry = claim.rsplit(":", 2)
        if int(owner) != person:
            raise Refusal(f"Only the person who asked may confirm. Use `{command}` yourself.")
        if now.timestamp() > int(expiry):
            raise Refusal(f"Too late: the 60 seconds are over. Use `{command}` again.")
        self._spend(mac, int(expiry), now)
        return job_id

    def _spend(self, mac: str, expiry: int, now: datetime) -> None:
        self._spent = {m: end for m, end in self._spent.items() if end >= now.timestamp()}
        if mac in self._spent:
            raise Refusal("This button has been used already.")
        self._spent[mac] = expiry

    def _mac(self, claim: str) -> str:
        digest = hmac.digest(self._key, claim.encode(errors="surrogatepass"), "sha256")
        return base64.urlsafe_b64encode(digest[:12]).decode()
