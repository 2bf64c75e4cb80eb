"""File systems on Windows: volumes with their letters and mount points, by the Win32 API.

Type-checked, its readers of text tested; this module has not been run on Windows. It does not tell
a drive's model, and of buses only RAM disks and the network.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plotobot.engine.drives.volumes import Space, Volume, covering

_READ_ONLY = 0x00080000
"""FILE_READ_ONLY_VOLUME, of GetVolumeInformationW."""
_BUS = {4: "network", 6: "RAM"}
"""What GetDriveTypeW tells that Plotobot shows: DRIVE_REMOTE and DRIVE_RAMDISK."""
_CHARS = 1024
_MORE_DATA = 32768


class WindowsVolumes:
    """A `VolumeSource` for Windows."""

    def volumes(self) -> list[Volume]:
        """Every volume at each of its letters and mount points; one without either is left out."""
        return [
            _volume(mount_point, name)
            for name in _volume_names()
            for mount_point in split_strings(_mount_points(name))
        ]

    def look(self, path: str) -> Space:
        """Look at one folder; see `VolumeSource.look`."""
        real = Path(os.path.realpath(path, strict=True))
        if not real.is_dir():
            raise NotADirectoryError(f"{path} is no folder")
        usage = shutil.disk_usage(real)
        volume = covering(str(real), self.volumes())
        return Space(
            real=str(real),
            mount_point=volume.mount_point if volume else real.anchor,
            filesystem=volume.filesystem if volume else real.anchor,
            total=usage.total,
            free=usage.free,
            read_only=(volume is not None and volume.read_only) or not os.access(real, os.W_OK),
        )


def split_strings(text: str) -> list[str]:
    """Split what Win32 gives as strings with a NUL behind each and one more at the end."""
    return [part for part in text.split("\0\0", 1)[0].split("\0") if part]


def is_read_only(flags: int) -> bool:
    """Whether GetVolumeInformationW's flags tell of a volume that cannot be written."""
    return bool(flags & _READ_ONLY)


def serial_text(serial: int) -> str:
    """A volume's serial number as `vol` prints it, such as "1A2B-3C4D"."""
    return f"{serial >> 16 & 0xFFFF:04X}-{serial & 0xFFFF:04X}"


def _kernel32() -> Any:
    if sys.platform != "win32":
        raise OSError("the Win32 API exists on Windows only")
    import ctypes

    kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    # A handle is as wide as a pointer; ctypes takes a C int for granted.
    kernel32.FindFirstVolumeW.restype = ctypes.c_void_p
    kernel32.FindNextVolumeW.argtypes = [ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_uint32]
    kernel32.FindVolumeClose.argtypes = [ctypes.c_void_p]
    return kernel32


def _volume_names() -> Iterator[str]:
    r"""The names of all volumes, such as `\\?\Volume{...}\`."""
    import ctypes

    kernel32, name = _kernel32(), ctypes.create_unicode_buffer(_CHARS)
    handle = kernel32.FindFirstVolumeW(name, _CHARS)
    if handle in (None, ctypes.c_void_p(-1).value):
        return
    try:
        yield name.value
        while kernel32.FindNextVolumeW(handle, name, _CHARS):
            yield name.value
    finally:
        kernel32.FindVolumeClose(handle)


def _mount_points(name: str) -> str:
    import ctypes

    paths, size = ctypes.create_unicode_buffer(_MORE_DATA), ctypes.c_uint32()
    done = _kernel32().GetVolumePathNamesForVolumeNameW(name, paths, _MORE_DATA, ctypes.byref(size))
    return "".join(paths[: size.value]) if done else ""


def _volume(mount_point: str, name: str) -> Volume:
    import ctypes

    label, fs_type = ctypes.create_unicode_buffer(_CHARS), ctypes.create_unicode_buffer(_CHARS)
    serial, flags = ctypes.c_uint32(), ctypes.c_uint32()
    kernel32 = _kernel32()
    known = kernel32.GetVolumeInformationW(
        mount_point,
        label,
        _CHARS,
        ctypes.byref(serial),
        None,
        ctypes.byref(flags),
        fs_type,
        _CHARS,
    )
    total, free = _sizes(mount_point)
    return Volume(
        mount_point=mount_point,
        filesystem=name,
        device=name,
        fs_type=fs_type.value or None,
        label=label.value or None,
        uuid=serial_text(serial.value) if known else None,
        total=total,
        free=free,
        read_only=is_read_only(flags.value),
        bus=_BUS.get(kernel32.GetDriveTypeW(mount_point)),
    )


def _sizes(mount_point: str) -> tuple[int, int]:
    try:
        usage = shutil.disk_usage(mount_point)
    except OSError:  # an empty card reader
        return 0, 0
    return usage.total, usage.free
