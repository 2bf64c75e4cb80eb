from __future__ import annotations

import re
from pathlib import Path

import pytest

from plotobot.errors import PlotterMissing
from plotobot.plotters import plotter
from plotobot.plotters.chia import installed
from plotobot.plotters.programs import version_of


def program(path: Path, says: str = "echo 2.7.5") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def test_a_configured_program_wins(tmp_path):
    program(tmp_path / "path" / "chia", "echo 1.0.0")
    chosen = program(tmp_path / "my chia")
    found = plotter("chia").find(chosen)
    assert (found.argv, found.version) == ((str(chosen),), "2.7.5")


def test_a_configured_folder_is_searched(tmp_path):
    chosen = program(tmp_path / "build" / "chia_plot", "echo 1.1.8-5b5bd68")
    found = plotter("madmax").find(chosen.parent)
    assert (found.argv, found.version) == ((str(chosen),), "1.1.8-5b5bd68")


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("chia", "chia"),
        ("madmax", "chia_plot"),
        ("bladebit_disk", "bladebit"),
        ("bladebit_cuda", "bladebit_cuda"),
        ("gigahorse", "cuda_plot_k32"),
    ],
)
def test_programs_are_found_on_path_and_in_the_virtual_environment(
    tmp_path, monkeypatch, name, file
):
    own = program(tmp_path / "venv" / "bin" / file)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "venv"))
    assert plotter(name).find().argv == (str(own),)
    on_path = program(tmp_path / "path" / file)
    assert plotter(name).find().argv == (str(on_path),)


def test_a_missing_program_is_told_with_the_cure():
    with pytest.raises(
        PlotterMissing, match=r"No chia_plot found on PATH.* set the plotter's path"
    ):
        plotter("madmax").find()


def test_a_configured_path_that_is_wrong_is_named(tmp_path):
    (tmp_path / "no-right").write_text("x")
    for path, says in [
        (tmp_path / "nowhere", "There is no "),
        (tmp_path / "no-right", "cannot be run"),
        (tmp_path, "There is no chia in "),
    ]:
        with pytest.raises(PlotterMissing, match=says) as told:
            plotter("chia").find(path)
        assert str(path) in str(told.value)


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ("echo broken >&2; exit 3", r"ended with code 3: broken\."),
        ("exit 0", r"ended with code 0\."),
        ("exec sleep 60", r"no answer within 0\.2 s"),
    ],
)
def test_a_program_that_does_not_tell_its_version_is_missing(tmp_path, says, told):
    with pytest.raises(PlotterMissing, match=told):
        version_of([str(program(tmp_path / "chia", says))], patience=0.2)


def test_a_file_that_is_no_program_does_not_start(tmp_path):
    path = program(tmp_path / "chia")
    path.write_bytes(b"\x00\x01")
    with pytest.raises(PlotterMissing, match=re.escape(f"`{path}` does not start")):
        version_of([str(path)])


def test_the_newest_chia_of_windows_comes_first(tmp_path, monkeypatch):
    for version in ("2.9.1", "2.10.0", "1.8.2"):
        (tmp_path / "chia-blockchain" / f"app-{version}").mkdir(parents=True)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    places = [path.as_posix() for path in installed("win32")]
    ends = "resources/app.asar.unpacked/daemon/chia.exe"
    assert [place for place in places if "app-" in place] == [
        f"{tmp_path.as_posix()}/chia-blockchain/app-{version}/{ends}"
        for version in ("2.10.0", "2.9.1", "1.8.2")
    ]


def several_chias(local: Path, *versions: str) -> dict[str, Path]:
    """Installed beside each other as Chia's Windows installer does it; each tells its version."""
    end = "resources/app.asar.unpacked/daemon/chia.exe"
    return {
        version: program(local / "chia-blockchain" / f"app-{version}" / end, f"echo {version}")
        for version in versions
    }


def test_of_several_chias_the_newest_is_taken_unless_another_is_chosen(tmp_path, monkeypatch):
    chias = several_chias(tmp_path, "2.9.1", "2.10.0", "1.8.2")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr("plotobot.plotters.chia.installed", lambda: installed("win32"))
    assert plotter("chia").find().version == "2.10.0"
    assert plotter("chia").find(chias["1.8.2"]).version == "1.8.2"
    chias["2.10.0"].unlink()  # an update that was broken off leaves its folder
    assert plotter("chia").find().version == "2.9.1"


def test_a_chia_on_path_goes_before_installed_ones(tmp_path, monkeypatch):
    several_chias(tmp_path, "2.10.0")
    program(tmp_path / "path" / "chia", "echo 2.5.0")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr("plotobot.plotters.chia.installed", lambda: installed("win32"))
    assert plotter("chia").find().version == "2.5.0"


def test_chia_of_macos_is_looked_for_in_its_application():
    assert [path.as_posix() for path in installed("darwin")] == [
        "/Applications/Chia.app/Contents/Resources/app.asar.unpacked/daemon/chia"
    ]
