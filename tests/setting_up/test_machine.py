"""Which drives are offered."""

from __future__ import annotations

import pytest

from plotobot.engine.drives import Volume, local_volumes
from plotobot.engine.models import GIB
from plotobot.setting_up.machine import look_at_machine, offers
from tests.setting_up.conftest import nvme, sata


@pytest.mark.parametrize(
    "mount_point",
    ["/", "/home", "/boot/efi", "/var/lib/docker", "/snap/core/1", "/etc/hosts", "/run/user/0",
     "/System/Volumes/Data", "C:\\"],
)  # fmt: skip
def test_the_systems_own_drives_are_left_out(mount_point: str) -> None:
    assert offers([nvme(mount_point)]) == []


@pytest.mark.parametrize(
    "mount_point",
    ["/mnt/ssd1", "/media/me/plots", "/run/media/me/plots", "/srv/farm", "/homes", "D:\\",
     "/Volumes/plots"],
)  # fmt: skip
def test_other_drives_are_offered(mount_point: str) -> None:
    assert [offer.path for offer in offers([nvme(mount_point)])] == [mount_point]


def test_the_one_with_most_room_comes_first_and_each_file_system_once() -> None:
    twice = nvme("/mnt/bound", free=9999, whole=False)
    real = Volume("/mnt/real", "/mnt/bound", total=10 * GIB, free=9 * GIB)

    found = offers([twice, nvme(free=5), sata(free=50), real])

    assert [offer.path for offer in found] == ["/mnt/hdd1", "/mnt/real", "/mnt/ssd1"]


@pytest.mark.parametrize(
    "volume",
    [nvme(read_only=True), Volume("/mnt/a", "a", total=GIB - 1, free=GIB - 1)],
    ids=["read-only", "small"],
)
def test_what_takes_no_plot_is_not_offered(volume: Volume) -> None:
    assert offers([volume]) == []


@pytest.mark.parametrize(
    ("volume", "fast"),
    [
        (nvme(), True),
        (sata(), False),
        (sata(model="Samsung SSD 870"), True),
        (Volume("/mnt/a", "a", total=GIB, bus="USB", model="USB SSD"), False),
        (Volume("/mnt/a", "a", total=GIB, bus="RAM"), False),
    ],
)
def test_which_drives_are_fast(volume: Volume, fast: bool) -> None:
    assert [offer.fast for offer in offers([volume])] == [fast]


def test_this_very_machine_can_be_looked_at() -> None:
    found = look_at_machine(local_volumes())

    assert found.cores >= 1
    assert found.memory > GIB // 4
    assert found.programs["chiapos"].version
    assert "/" not in [offer.path for offer in found.offers]
