"""The farmer's drives: from what he wrote to what is there, and what changed."""

from __future__ import annotations

import sys

from plotobot.engine.drives.bay import DriveBay
from plotobot.engine.drives.discovery import Facts, Found, overlaps, resolve
from plotobot.engine.drives.news import DriveChange, DriveNews, news
from plotobot.engine.drives.spec import DriveSpec, SpecForm, parse_spec
from plotobot.engine.drives.volumes import Space, Volume, VolumeSource

__all__ = [
    "DriveBay",
    "DriveChange",
    "DriveNews",
    "DriveSpec",
    "Facts",
    "Found",
    "Space",
    "SpecForm",
    "Volume",
    "VolumeSource",
    "local_volumes",
    "news",
    "overlaps",
    "parse_spec",
    "resolve",
]


def local_volumes() -> VolumeSource:
    """The source for the platform this runs on."""
    if sys.platform == "win32":
        from plotobot.engine.drives.windows import WindowsVolumes

        return WindowsVolumes()
    if sys.platform == "darwin":
        from plotobot.engine.drives.macos import MacVolumes

        return MacVolumes()
    from plotobot.engine.drives.linux import LinuxVolumes

    return LinuxVolumes()
