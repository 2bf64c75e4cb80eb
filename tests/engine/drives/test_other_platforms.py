from __future__ import annotations

import plistlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.drives import Volume, local_volumes
from plotobot.engine.drives.linux import LinuxVolumes
from plotobot.engine.drives.macos import parse_diskutil
from plotobot.engine.drives.windows import (
    WindowsVolumes,
    is_read_only,
    serial_text,
    split_strings,
)

APFS = b"""<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
  <key>APFSContainerFree</key><integer>400</integer>
  <key>APFSContainerReference</key><string>disk3</string>
  <key>APFSContainerSize</key><integer>1000</integer>
  <key>BusProtocol</key><string>USB</string>
  <key>DeviceNode</key><string>/dev/disk3s1</string>
  <key>FilesystemType</key><string>apfs</string>
  <key>FreeSpace</key><integer>0</integer>
  <key>MediaName</key><string>Portable SSD T7 </string>
  <key>TotalSize</key><integer>1000</integer>
  <key>VolumeName</key><string>Plots 1</string>
  <key>VolumeUUID</key><string>AAAA-BBBB</string>
  <key>WritableVolume</key><false/>
</dict></plist>
"""


def test_diskutils_list_of_an_apfs_volume() -> None:
    assert parse_diskutil(APFS, "/Volumes/Plots 1", "/dev/disk3s1", "apfs") == Volume(
        mount_point="/Volumes/Plots 1",
        filesystem="disk3",
        device="/dev/disk3s1",
        fs_type="apfs",
        label="Plots 1",
        uuid="AAAA-BBBB",
        total=1000,
        free=400,
        read_only=True,
        model="Portable SSD T7",
        bus="USB",
    )


@given(
    st.binary()
    | st.dictionaries(
        st.sampled_from(["VolumeName", "TotalSize", "WritableVolume", "BusProtocol"]),
        st.integers(-5, 5) | st.booleans() | st.text("ab") | st.lists(st.integers(0, 5)),
    ).map(plistlib.dumps)
    | st.lists(st.integers(0, 9)).map(plistlib.dumps)
)
def test_whatever_diskutil_says_gives_a_volume(said: bytes) -> None:
    volume = parse_diskutil(said, "/Volumes/x", "/dev/disk9", "exfat")
    assert (volume.mount_point, volume.filesystem) == ("/Volumes/x", "/dev/disk9")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("E:\\\0C:\\mnt\\ssd1\\\0\0", ["E:\\", "C:\\mnt\\ssd1\\"], id="two"),
        pytest.param("E:\\\0\0rest\0", ["E:\\"], id="rest of the buffer"),
        pytest.param("", [], id="nothing"),
        pytest.param("\0\0", [], id="no mount point"),
    ],
)
def test_windows_lists_of_strings(text: str, parts: list[str]) -> None:
    assert split_strings(text) == parts


def test_windows_flags_and_serials() -> None:
    assert is_read_only(0x00080000 | 0xFF)
    assert not is_read_only(0xFF)
    assert serial_text(0x1A2B3C4D) == "1A2B-3C4D"


def test_here_linux_answers_and_windows_says_why_not() -> None:
    assert isinstance(local_volumes(), LinuxVolumes)
    with pytest.raises(OSError, match="Windows only"):
        WindowsVolumes().volumes()
