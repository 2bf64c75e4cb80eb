"""Where each key of Ploto's goes. To give one a place is one line here.

The names and what they meant are facts of tydeno/Ploto, of its README of 2021-06-10 (the layout
with parts of labels) and of its version 1.1.2 (the layout with drive letters).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal[
    "text",
    "number",
    "switch",
    "plotter",
    "program",
    "label",
    "drives",
    "key",
    "contract",
    "webhook",
    "date",
]
"""How a value is to be read."""

TOP = ""
"""The section of keys that stand in none."""


class Place(NamedTuple):
    """What becomes of one key."""

    key: str
    sections: tuple[str, ...]
    """The sections where it may stand."""
    kind: Kind = "text"
    target: str | None = None
    """The setting, as in "spawn.count"; None where there is none by intent."""
    because: str = ""
    """Why it is dropped, for a key without target."""

    @property
    def name(self) -> str:
        """The key with its first section: "DiskConfig.EnableT2"."""
        return ".".join(filter(None, (self.sections[0], self.key)))


_DISK = ("DiskConfig",)
_SCHEDULER = ("SpawnerConfig", "JobConfig")
_JOB = ("JobConfig",)
_ALERTS = ("SpawnerAlerts",)
_ALL_ALERTS = ("SpawnerAlerts", "PlotoFyAlerts")
NO_RULE = "Plotobot has no such rule yet"

MAPPING: tuple[Place, ...] = (
    Place("PlotterName", (TOP,), "text", "machine"),
    Place("PlotterUsed", (TOP,), "plotter", "plot.plotter"),
    Place("PathToUnofficialPlotter", (TOP,), "program", "plot.program"),
    Place("EnableAlerts", (TOP,), "switch", "alerts.enabled"),
    Place("EnablePlotoFyOnStart", (TOP,), "switch", "report.every_hours"),
    Place("ChiaWindowStyle", (TOP,), "text", "plot.window"),
    Place("PathToPloto", (TOP,), because="Plotobot knows where it is itself"),
    Place("EnableMover", (TOP,), "switch", "drives.destination"),
    Place("PathsToMovePlotsTo", (TOP,), "drives", "drives.destination"),
    Place("TempDriveDenom", _DISK, "label", "drives.temp"),
    Place("Temp2Denom", _DISK, "label", "drives.temp2"),
    Place("OutDriveDenom", _DISK, "label", "drives.out"),
    Place("DenomForOutDrivesToReplotForPools", _DISK, "label", "drives.replot"),
    Place("TempDrives", _DISK, "drives", "drives.temp"),
    Place("Temp2Drives", _DISK, "drives", "drives.temp2"),
    Place("OutDrives", _DISK, "drives", "drives.out"),
    Place("ReplotDrives", _DISK, "drives", "drives.replot"),
    Place("EnableT2", _DISK, "switch", "drives.temp2"),
    Place("ReplotForPool", _SCHEDULER, "switch", "drives.replot"),
    Place(
        "ReplotPlotsOlderThan",
        _SCHEDULER,
        "date",
        "replot.before",
    ),
    Place("IntervallToCheckInMinutes", _SCHEDULER, "number", "spawn.interval_minutes"),
    Place("InputAmountToSpawn", _SCHEDULER, "number", "spawn.count"),
    Place(
        "WaitTimeBetweenPlotOnSeparateDisks",
        _SCHEDULER,
        "number",
        "spawn.wait_between_drives_minutes",
    ),
    Place("WaitTimeBetweenPlotOnSameDisk", _SCHEDULER, "number", "spawn.wait_same_drive_minutes"),
    Place("MaxParallelJobsOnAllDisks", _SCHEDULER, "number", "spawn.max_parallel"),
    Place("MaxParallelJobsOnSameDisk", _SCHEDULER, "number", "spawn.max_parallel_per_drive"),
    Place("MaxParallelJobsInPhase1OnSameDisk", _SCHEDULER, "number", "spawn.max_phase_1_per_drive"),
    Place("MaxParallelJobsInPhase1OnAllDisks", _SCHEDULER, "number", "spawn.max_phase_1"),
    Place("StartEarly", _SCHEDULER, "switch", "spawn.start_early_phase"),
    Place("StartEarlyPhase", _SCHEDULER, "number", "spawn.start_early_phase"),
    Place("KSizeToPlot", _JOB, "number", "plot.k"),
    Place("BufferSize", _JOB, "number", "plot.buffer_mib"),
    Place("Thread", _JOB, "number", "plot.threads"),
    Place("Buckets", _JOB, "number", "plot.buckets"),
    Place("Bitfield", _JOB, "switch", "plot.bitfield"),
    Place("FarmerKey", _JOB, "key", "plot.farmer_key"),
    Place("P2SingletonAdress", _JOB, "contract", "plot.contract"),
    Place("PoolKey", _JOB, "key", "plot.pool_key"),
    Place(
        "DiscordWebhookURL",
        _ALL_ALERTS,
        "webhook",
        because="Plotobot writes as a bot, with a token and not with a webhook",
    ),
    Place("WhenJobSpawned", _ALERTS, "switch", "alerts.job_spawned"),
    Place("WhenNoOutDrivesAvailable", _ALERTS, "switch", "alerts.no_out_drive"),
    Place("WhenJobCouldNotBeSpawned", _ALERTS, "switch", "alerts.job_not_spawned"),
    Place("PeriodOfReportInHours", _ALL_ALERTS, "number", "report.every_hours"),
)

SECTIONS = ("DiskConfig", "SpawnerConfig", "JobConfig", "SpawnerAlerts", "PlotoFyAlerts")

GATES = {
    "drives.temp2": "EnableT2",
    "drives.replot": "ReplotForPool",
    "drives.destination": "EnableMover",
    "spawn.start_early_phase": "StartEarly",
    "report.every_hours": "EnablePlotoFyOnStart",
}
"""The switches that decide whether another key's value counts."""
