"""The shape of `[replot]`: what is old, and where the fork's height comes from.

Each field's description ends the sentence "replot.k is "big", but must be ...".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from plotobot.engine.config import PlotSettings
from plotobot.engine.replot.arming import Mode, ReplotRules
from plotobot.engine.replot.fork import Fork
from plotobot.engine.replot.node import NodeAccess
from plotobot.engine.replot.rule import Kind, Rule
from plotobot.plots.address import decode_address, encode_address
from plotobot.plots.headers import PlotFormat
from plotobot.plots.proofs import USUAL_CHALLENGES
from plotobot.settings._table import Table

_KEY = re.compile(r"(?:0x)?([0-9a-f]{96})", re.IGNORECASE)
_CONTRACTS = 'contract addresses in quotes: one, or a list such as ["xch1..."]'
_KEYS = "keys in quotes, each of 96 hexadecimal digits: one, or a list"
_PROTECTED = "a list of plot ids (64 hexadecimal digits) and full paths of plot files, in quotes"
_FOLDERS = 'a list of folders in quotes, as `plotobot drives` shows them, such as ["/mnt/hdd1"]'
_FORMATS = 'a list of formats in quotes, of "v1", "v1c", "pos2" and "pos2g"'
_FILE = 'the full path of a file, or ""'


def _several(value: object) -> object:
    if isinstance(value, str):
        return (value,) if value else ()
    return value


def _contract(text: object) -> object:
    # A header does not tell a test network: xch and txch mean the same puzzle hash.
    return encode_address(decode_address(text)) if isinstance(text, str) else text


def _key(text: object) -> object:
    if not isinstance(text, str):
        return text
    if (match := _KEY.fullmatch(text.strip())) is None:
        raise ValueError("no key")
    return match[1].lower()


def _protected(text: object) -> object:
    if not isinstance(text, str):
        return text
    if re.fullmatch(r"(?:0x)?[0-9a-fA-F]{64}", text):
        return text.lower().removeprefix("0x")
    return _path(text)


def _path(text: object) -> object:
    if isinstance(text, str) and not (text.isprintable() and Path(text).is_absolute()):
        raise ValueError("relative")
    return str(Path(text)) if isinstance(text, str) else text


def _file(text: object) -> object:
    return None if text == "" else _path(text)


def _format(text: object) -> object:
    return PlotFormat(text) if isinstance(text, str) else text


def _date(value: object) -> object:
    if value == "":
        return None
    return date.fromisoformat(value) if isinstance(value, str) else value


_Contracts = Annotated[
    tuple[Annotated[str, BeforeValidator(_contract)], ...],
    BeforeValidator(_several),
    Field(strict=False, repr=False, description=_CONTRACTS),
]
_Keys = Annotated[
    tuple[Annotated[str, BeforeValidator(_key)], ...],
    BeforeValidator(_several),
    Field(strict=False, repr=False, description=_KEYS),
]
_Switch = Annotated[bool, Field(description="true or false")]
_File = Annotated[str | None, BeforeValidator(_file), Field(description=_FILE)]


class Node(Table):
    """`[replot.node]`: the full node that tells the fork's height."""

    host: Annotated[str, Field(min_length=1, description="a host's name or address")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="a port from 1 to 65535")] = 8555
    cert: _File = None
    key: _File = None
    ca: _File = None

    @property
    def access(self) -> NodeAccess | None:
        """How to ask it; None until all three files are named."""
        if not (self.cert and self.key and self.ca):
            return None
        files = (Path(self.cert), Path(self.key), Path(self.ca))
        return NodeAccess(*files, host=self.host, port=self.port)


class Replot(Table):
    """`[replot]`: which plots are old, and whether they may go."""

    contracts: _Contracts = ()
    pool_keys: _Keys = ()
    not_contracts: _Contracts = ()
    not_pool_keys: _Keys = ()
    below_compression: Annotated[
        int, Field(ge=0, le=20, description="a whole number from 0 to 20")
    ] = 0
    ks: Annotated[
        tuple[Annotated[int, Field(ge=16, le=50)], ...],
        Field(strict=False, description="a list of whole numbers from 16 to 50, such as [32]"),
    ] = ()
    formats: Annotated[
        tuple[Annotated[PlotFormat, BeforeValidator(_format)], ...],
        Field(strict=False, description=_FORMATS),
    ] = ()
    before: Annotated[
        date | None, BeforeValidator(_date), Field(description='a date such as "2021-06-18", or ""')
    ] = None
    drives: Annotated[
        tuple[Annotated[str, BeforeValidator(_path)], ...],
        Field(strict=False, description=_FOLDERS),
    ] = ()
    farmer_keys: _Keys = ()
    foreign_keys: _Switch = False
    protected: Annotated[
        tuple[Annotated[str, BeforeValidator(_protected)], ...],
        Field(strict=False, description=_PROTECTED),
    ] = ()
    fork_height: Annotated[
        int, Field(ge=0, le=4_294_900_000, description="a height in blocks from 0 to 4294900000")
    ] = 0
    node: Node = Field(default=Node(), description="a table: [replot.node]")
    enabled: _Switch = False
    mode: Annotated[
        Literal["auto", "after", "before"], Field(description='"auto", "after" or "before"')
    ] = "auto"
    count: Annotated[
        int, Field(ge=0, le=10_000_000, description="a whole number from 0 to 10000000")
    ] = 0
    per_hour: Annotated[int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")] = 4
    quarantine_hours: Annotated[
        float, Field(ge=0, le=8760, description="a number of hours from 0 to 8760")
    ] = 0.0
    proofs: Annotated[int, Field(ge=10, le=1000, description="a whole number from 10 to 1000")] = (
        USUAL_CHALLENGES
    )

    def rule(self, plot: PlotSettings, own: frozenset[str] = frozenset()) -> Rule:
        """The rule that is written here.

        Args:
            plot: the kind that is made now, and whose key is the farmer's own.
            own: ids of the plots that this bot made.
        """
        keys = {*self.farmer_keys, plot.farmer_key} - {None}
        return Rule(
            contracts=frozenset(self.contracts),
            pool_keys=frozenset(self.pool_keys),
            not_contracts=frozenset(self.not_contracts),
            not_pool_keys=frozenset(self.not_pool_keys),
            below_compression=self.below_compression or None,
            ks=frozenset(self.ks),
            formats=frozenset(self.formats),
            before=datetime.combine(self.before, time(), UTC) if self.before else None,
            drives=frozenset(self.drives),
            farmer_keys=frozenset(key for key in keys if key),
            foreign_keys=self.foreign_keys,
            new=kind_of(plot),
            own=own,
            protected=frozenset(self.protected),
        )

    def acting(self, plots: Sequence[PlotSettings]) -> ReplotRules:
        """What may be done, where these kinds of plot are made."""
        rules = dict.fromkeys(self.rule(plot) for plot in plots)
        return ReplotRules(
            enabled=self.enabled,
            rules=tuple(rule for rule in rules if not rule.empty),
            mode=Mode(self.mode),
            count=self.count or None,
            per_hour=self.per_hour,
            quarantine=self.quarantine_hours * 3600,
            proofs=self.proofs,
            fork=self.fork,
            node=self.node.access,
        )

    @property
    def fork(self) -> Fork:
        """What the settings alone say of the fork."""
        return Fork(self.fork_height or None, "your settings") if self.fork_height else Fork()


def kind_of(plot: PlotSettings) -> Kind:
    """The kind of plot that these settings make, as headers will tell it."""
    contract = plot.contract
    try:
        contract = encode_address(decode_address(contract)) if contract else None
    except ValueError:  # no plotter would take it either
        contract = None
    return Kind(None, plot.k, plot.compression, contract, plot.pool_key)
