"""What the farmer may write for a drive, and how it is read.

Four forms: `label:TEXT` (Ploto's "denominator": any part of the file system's label, upper and
lower case alike, with an optional folder behind a slash), a path, a glob, a Windows drive letter.
Reading touches no disk.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import PurePath

from plotobot.engine.models import Drive

_LABEL = "label:"
_LETTER = re.compile(r"([A-Za-z]):(?:[\\/](.*))?", re.DOTALL)
_MAGIC = frozenset("*?[")


class SpecForm(StrEnum):
    """In which of the four forms a drive is named."""

    LABEL = "label"
    PATH = "path"
    GLOB = "glob"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class DriveSpec:
    """One written entry, read."""

    form: SpecForm
    written: str
    """As the farmer wrote it, without blanks at the ends."""
    text: str
    """The label's part, or the absolute path or pattern with `~` expanded."""
    folder: str = ""
    """Only behind a label: the folder below the drive's top, such as `sub/folder`."""

    def matches(self, label: str | None) -> bool:
        """Whether a file system's label is meant; Ploto's `VolumeName -like "*denom*"`."""
        return (
            self.form is SpecForm.LABEL
            and label is not None
            and self.text.casefold() in label.casefold()
        )


def parse_spec(text: str) -> DriveSpec:
    r"""Read one entry of a set of drives.

    Args:
        text: such as `label:PLOT/sub`, `/mnt/ssd1`, `~/plots`, `/mnt/ssd*`, `E:\plots`.

    Raises:
        ValueError: it names no drive; one sentence says what is wrong and what to write instead.
    """
    written = text.strip()
    if not written:
        raise ValueError("A drive's name is empty; write label:TEXT, a path or a drive letter.")
    if not written.isprintable():
        raise ValueError(
            f"The drive {written!r} holds a control character; write its name on one line."
        )
    if written[: len(_LABEL)].lower() == _LABEL:
        return _label(written)
    if letter := _LETTER.fullmatch(written):
        return _letter(written, letter)
    return _path(written)


def names(written: str, drive: Drive) -> bool:
    """Whether a drive that was found is meant by an entry; no disk is asked.

    An entry that is none (see `parse_spec`) names no drive.
    """
    try:
        spec = parse_spec(written)
    except ValueError:
        return False
    if spec.form is SpecForm.LABEL:
        return spec.matches(drive.label) and PurePath(drive.path).match(f"*{spec.folder}")
    path, text = (os.path.normcase(one) for one in (drive.path, spec.text))
    return fnmatchcase(path, text) if spec.form is SpecForm.GLOB else path == text


def _label(written: str) -> DriveSpec:
    label, *folders = re.split(r"[/\\]", written[len(_LABEL) :])
    if not label.strip():
        # Ploto took an empty denominator for every volume of the machine.
        raise ValueError(
            f"{written!r} names no label and would mean every drive;"
            " write a part of the label, such as label:PLOT."
        )
    parts = [part for part in folders if part not in ("", ".")]
    if ".." in parts:
        raise ValueError(f"{written!r} leads out of its drive; leave out the '..'.")
    return DriveSpec(SpecForm.LABEL, written, label.strip(), "/".join(parts))


def _letter(written: str, match: re.Match[str]) -> DriveSpec:
    rest = [part for part in re.split(r"[\\/]", match[2] or "") if part not in ("", ".")]
    path = f"{match[1].upper()}:\\" + "\\".join(rest)
    return DriveSpec(_form(path, SpecForm.LETTER), written, path)


def _path(written: str) -> DriveSpec:
    path = os.path.expanduser(written)  # noqa: PTH111 - an unknown user stays text
    if not PurePath(path).is_absolute():
        raise ValueError(
            f"{written!r} is no absolute path; write it from the top, such as /mnt/ssd1,"
            " or name the drive by label:TEXT."
        )
    return DriveSpec(_form(path, SpecForm.PATH), written, os.path.normpath(path))


def _form(path: str, plain: SpecForm) -> SpecForm:
    return SpecForm.GLOB if _MAGIC & set(path) else plain
