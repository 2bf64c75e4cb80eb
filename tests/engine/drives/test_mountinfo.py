from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plotobot.engine.drives.mountinfo import (
    Mount,
    parse_fstab,
    parse_mountinfo,
    udev_facts,
    unescape_hex,
    unescape_octal,
)

LINE = rb"98 27 8:17 /sub /mnt/my\040ssd rw,relatime shared:5 master:2 - ext4 /dev/sdb1 rw"


def test_reads_a_line_with_optional_fields_and_a_blank_in_the_path() -> None:
    assert parse_mountinfo(LINE) == [
        Mount(98, "8:17", "/sub", "/mnt/my ssd", "ext4", "/dev/sdb1"),
    ]


def test_reads_a_line_without_optional_fields() -> None:
    [mount] = parse_mountinfo(b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard\n")
    assert (mount.mount_point, mount.root) == ("/", "/")


def test_a_damaged_line_does_not_spoil_the_others() -> None:
    assert len(parse_mountinfo(b"what - is this\n" + LINE + b"\n\xff\xfe - \n")) == 1


@given(st.binary() | st.lists(st.sampled_from([*LINE.split(b" "), b"-", b""])).map(b" ".join))
def test_any_bytes_are_read_without_error(raw: bytes) -> None:
    parse_mountinfo(raw)
    parse_mountinfo(LINE[: len(raw)] + raw)


def test_fstab_tells_where_file_systems_belong() -> None:
    raw = rb"""# <file system> <mount point>
UUID=1 / ext4 defaults 0 1
UUID=2	/mnt/my\040ssd/ xfs nofail 0 0
UUID=3 none swap sw 0 0
 # /dev/sdx /mnt/no ext4
broken
LABEL=a /mnt/a auto
"""
    assert parse_fstab(raw.replace(rb"\t", b"\t")) == ["/mnt/my ssd", "/mnt/a"]


@given(st.binary())
def test_any_fstab_is_read_without_error(raw: bytes) -> None:
    parse_fstab(raw)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        pytest.param(rb"a\040b", "a b", id="blank"),
        pytest.param(rb"a\011\012\134", "a\t\n\\", id="tab newline backslash"),
        pytest.param(rb"a\04", r"a\04", id="too short"),
        pytest.param(rb"\303\244", "ä", id="utf-8"),
        pytest.param(rb"\999", r"\999", id="not octal"),
        pytest.param(rb"\777", r"\777", id="more than a byte"),
    ],
)
def test_octal_escapes(raw: bytes, text: str) -> None:
    assert unescape_octal(raw) == text


@given(st.text())
def test_a_label_comes_back_from_udevs_escapes(label: str) -> None:
    escaped = "".join(f"\\x{byte:02x}" for byte in label.encode("utf-8", "replace"))
    assert unescape_hex(escaped) == label.encode("utf-8", "replace").decode()


@given(st.text())
def test_any_text_is_unescaped_without_error(text: str) -> None:
    unescape_hex(text)
    unescape_hex("\\x" + text)
    udev_facts(text)


def test_udevs_record_gives_its_properties() -> None:
    text = "S:disk/by-label/a\nE:ID_FS_LABEL_ENC=my\\x20ssd\nE:ID_BUS=ata\nE:broken\n"
    assert udev_facts(text) == {"ID_FS_LABEL_ENC": "my\\x20ssd", "ID_BUS": "ata"}
