"""The farmer's drives: from what he wrote to what is there, and what changed."""

from plotobot.engine.drives.bay import DriveBay
from plotobot.engine.drives.discovery import Facts, Found, overlaps, resolve
from plotobot.engine.drives.news import DriveChange, DriveNews, news
from plotobot.engine.drives.spec import DriveSpec, SpecForm, parse_spec
from plotobot.engine.drives.volumes import Space, Volume, VolumeSource, local_volumes

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
