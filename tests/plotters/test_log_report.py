from __future__ import annotations

import pytest

from plotobot.errors import Refusal
from plotobot.plotters import guess, log_report
from plotobot.plotters import log_report as report_function

ID = "9a01614673440ea6837a8f82dda7a137023da825fa00268bf7ae63db97ff32b6"
K25 = {
    "plotter": "chia",
    "k": 25,
    "plot_id": ID,
    "status": "Completed",
    "error": None,
    "stuck": None,
    "temp": "t",
    "temp2": "t",
    "out": "d",
    "final_path": f"d/plot-k25-2026-11-23-15-35-{ID}.plot",
    "phase_seconds": [61.522, 8.898, 31.332, 1.887],
    "total_seconds": 103.641,
    "copy_seconds": None,
    "progress": 1.0,
}
DIALECTS = {
    "chia-2.7.5-k25": "chia",
    "chiapos-k18-dst-full": "chia",
    "madmax-k25": "madmax",
    "madmax-k22-n2": "madmax",
    "bladebit3-ramplot-SYNTH": "bladebit",
    "bladebit3-diskplot-SYNTH": "bladebit",
    "bladebit3-cudaplot-c7-n2-SYNTH": "bladebit",
    "bladebit3-diskplot-start-killed-after-40s": "bladebit",
    "bladebit3-ramplot-start-then-ENOMEM": "bladebit",
}


@pytest.fixture
def report(tmp_path):
    """The report on a log of the given content."""

    def make(content: bytes):
        path = tmp_path / "some.log"
        path.write_bytes(content)
        return report_function(path)

    return make


def test_the_report_has_every_figure(log, report):
    assert report(log("chia-2.7.5-k25")) == K25


@pytest.mark.parametrize("form", ["utf-16", "utf-8-sig"])
def test_logs_that_powershell_wrote_are_read(log, report, form):
    assert report(log("chia-2.7.5-k25").decode().encode(form)) == K25


@pytest.mark.parametrize(("name", "dialect"), DIALECTS.items(), ids=DIALECTS)
def test_the_dialect_is_told_from_the_content(log, report, name, dialect):
    content = log(name)
    assert guess(content) == dialect
    assert report(content)["plotter"] == dialect


@pytest.mark.parametrize("name", ["chia-2.7.5-k25", "madmax-k25", "bladebit3-ramplot-SYNTH"])
def test_a_lost_beginning_does_not_hide_the_dialect(log, name):
    content = log(name)
    assert guess(content[len(content) // 2 :]) == DIALECTS[name]


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 999, b"hello\nworld"])
def test_what_nobody_wrote_is_reported_as_unknown(report, content):
    found = report(content)
    assert (found["plotter"], found["status"], found["progress"]) == (None, "Initializing", 0.0)


def test_the_last_line_counts_without_its_end(report):
    assert report(b"Starting phase 1/4: x\nComputing table 5")["status"] == "1.4"


def test_a_log_longer_than_one_piece_is_read_to_its_end(log, report):
    whole = log("chia-2.7.5-k25")
    found = report(whole * 12 + whole[: whole.index(b"Starting phase 2/4")])
    assert (found["status"], found["plot_id"]) == ("1.6", ID)


def test_a_refused_k_is_an_error(report):
    found = report(b"k=32 is the minimum size for farming.\nIf you are testing")
    assert (found["plotter"], found["status"]) == ("chia", "Error")


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(Refusal, match=r"There is no log .*gone\.log"):
        log_report(tmp_path / "gone.log")
    with pytest.raises(Refusal, match="is not a file"):
        log_report(tmp_path)
