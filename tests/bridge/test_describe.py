"""Words written into projects: the job `describe` over the real host, and its commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from bridge import jobs, offline, words_cli
from bridge.describe_job import DescribeOptions, describe
from bridge.errors import UsageError
from bridge.report import Outcome, Report
from bridge.session import Session
from models.eq import BandKind, Eq
from models.spectrum import GRID_HZ
from tests.projects import pink_noise, write_song

NAMES = ("Lead Vocal", "Bass Guitar", "Kick")


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path, {name: pink_noise(0.6, i) for i, name in enumerate(NAMES)})


def say(song: Path, text: str, **options: object) -> Report:
    chosen = DescribeOptions(text, **options)  # type: ignore[arg-type]
    return offline.work_on(song, None, lambda session: describe(session, chosen))


def heard_db(eq: Eq | None, low_hz: float, high_hz: float) -> float:
    assert eq is not None
    response_db = eq.response_db(GRID_HZ, 48000.0) - eq.output_gain_db
    return float(response_db[(low_hz <= GRID_HZ) & (high_hz >= GRID_HZ)].mean())


def test_words_are_written_and_keep_the_loudness(song: Path) -> None:
    report = say(song, "brighter, less mud")
    assert [track.outcome for track in report.tracks] == [Outcome.WRITTEN] * 3
    for track in report.tracks:
        assert heard_db(track.eq, 6000, 12000) > 1.0
        assert heard_db(track.eq, 200, 350) < -1.0
        assert track.loudness_change_lu == pytest.approx(0.0, abs=0.1)
    assert report.undo == "ReaTone: brighter, less mud, 65% (3 tracks)"


def test_decibels_come_out_as_said_whatever_the_amount(song: Path) -> None:
    for amount in (0.3, 0.65, 2.0):
        report = say(song, "+2 dB at 3 kHz, warmer", tracks="1", amount=amount, afresh=True)
        (band,) = [b for b in report.tracks[0].eq.bands if abs(b.freq_hz - 3000.0) < 1.0]  # type: ignore[union-attr]
        assert band.gain_db == pytest.approx(2.0, abs=0.01)


def test_a_filter_lies_where_it_was_said(song: Path) -> None:
    for text in ("high pass at 80 Hz", "warmer, cut below 80"):
        eq = say(song, text, tracks="1", afresh=True).tracks[0].eq
        (band,) = [b for b in eq.bands if b.kind is BandKind.HIGH_PASS]  # type: ignore[union-attr]
        assert band.freq_hz == pytest.approx(80.0, rel=1e-3)


def test_words_refine_what_is_there_or_replace_it(song: Path) -> None:
    say(song, "-4 dB at 300 Hz", tracks="1")
    refined = say(song, "+3 dB at 3 kHz", tracks="1").tracks[0].eq
    assert heard_db(refined, 290, 310) == pytest.approx(-4.0, abs=0.3)
    assert heard_db(refined, 2900, 3100) == pytest.approx(3.0, abs=0.3)
    afresh = say(song, "+3 dB at 3 kHz", tracks="1", afresh=True).tracks[0].eq
    assert heard_db(afresh, 290, 310) == pytest.approx(0.0, abs=0.1)


def test_asking_again_and_again_stays_within_limits(song: Path) -> None:
    for _ in range(4):
        eq = say(song, "much brighter", tracks="1", amount=1.0).tracks[0].eq
    assert heard_db(eq, 20, 20000) < 7.0
    assert len(eq.bands) <= 10  # type: ignore[union-attr]


def test_the_amount_can_be_changed_afterwards(song: Path) -> None:
    full = heard_db(say(song, "brighter", tracks="1", amount=1.0).tracks[0].eq, 6000, 12000)
    report = offline.work_on(song, None, lambda session: jobs.amount(session, "1", 0.5))
    assert heard_db(report.tracks[0].eq, 6000, 12000) == pytest.approx(0.5 * full, rel=0.1)


def test_only_the_instruments_named_are_changed(song: Path) -> None:
    report = say(song, "brighter vocals, more click on the kick")
    vocal, bass, kick = report.tracks
    assert (vocal.outcome, bass.outcome, kick.outcome) == (
        Outcome.WRITTEN,
        Outcome.SKIPPED,
        Outcome.WRITTEN,
    )
    assert vocal.message.startswith("more bright")
    assert kick.message.startswith("more click")


def test_an_instrument_that_is_not_there_is_said(song: Path) -> None:
    (track,) = say(song, "brighter trumpet", tracks="1").tracks
    assert track.outcome is Outcome.WRITTEN
    assert any("not found" in warning for warning in track.warnings)


def test_words_for_an_instrument_among_others_that_is_not_there_are_said(song: Path) -> None:
    """They were dropped without a word."""
    report = say(song, "brighter vocals, more bell on the trumpet, warmer bass", tracks="1-2")
    assert [track.outcome for track in report.tracks] == [Outcome.WRITTEN] * 2
    (left_out,) = [text for text in report.warnings if text.startswith("Left out")]
    assert "bell" in left_out


def test_what_was_not_understood_is_reported(song: Path) -> None:
    report = say(song, "warmer and xqzjk", tracks="1")
    assert any("'xqzjk'" in warning for warning in report.warnings)


@pytest.mark.parametrize("text", ["", "asdfgh", "🔥", "don't"])
def test_nonsense_writes_nothing_and_says_so(song: Path, text: str) -> None:
    before = song.read_bytes()
    with pytest.raises(UsageError, match="Nothing was"):
        say(song, text)
    assert song.read_bytes() == before


def test_silence_is_skipped(tmp_path: Path) -> None:
    song = write_song(tmp_path, {"a": np.zeros(48000), "b": pink_noise(1.0)})
    silent, loud = say(song, "brighter").tracks
    assert (silent.outcome, loud.outcome) == (Outcome.SKIPPED, Outcome.WRITTEN)


def test_a_dry_run_writes_nothing(song: Path) -> None:
    before = song.read_bytes()
    report = say(song, "brighter", dry_run=True)
    assert report.tracks[0].outcome is Outcome.PLANNED
    assert song.read_bytes() == before


def test_the_job_takes_any_session(song: Path) -> None:
    def job(session: Session) -> Report:
        steps: list[str] = []
        report = describe(session, DescribeOptions("warmer"), lambda step, _: steps.append(step))
        assert steps[0] == "Rendering"
        assert steps[-1] == "Writing"
        return report

    offline.work_on(song, None, job)


def run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    words_cli.add_to(app)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout


def test_the_command_describes_a_project(song: Path) -> None:
    code, out = run("describe", "-2 dB at 300 Hz", str(song), "--tracks", "1", "--json")
    assert code == 0
    (track,) = json.loads(out.splitlines()[-1])["tracks"]
    assert track["bands"] == [
        {"kind": "bell", "freq_hz": 300.0, "gain_db": -2.0, "bandwidth_oct": 1.0}
    ]


def test_the_commands_are_part_of_reatone() -> None:
    from bridge.cli import app

    result = CliRunner().invoke(app, ["--json", "words", "explain", "warmer"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["parts"][0]["name"] == "warm"
    assert "Change the sound of tracks by words" in CliRunner().invoke(app, ["--help"]).stdout


def test_commands_list_explain_show_and_draw(tmp_path: Path) -> None:
    picture = tmp_path / "muddy.png"
    assert run("words", "show", "less muddy", "--plot", str(picture), "--json")[0] == 0
    assert picture.stat().st_size > 1000
    assert "mud" in run("words", "list", "--json")[1]
    code, out = run("words", "explain", "less muddy xqzjk", "--json")
    assert code == 0
    assert json.loads(out)["unknown"] == ["xqzjk"]
    assert run("words", "explain", "xqzjk", "--json")[0] == 1
    assert run("words", "map", str(tmp_path / "map.svg"), "--json")[0] == 0
    assert run("words", "map", str(tmp_path / "map.txt"), "--json")[0] == 2
    assert run("words", "map", str(tmp_path / "nowhere" / "map.svg"), "--json")[0] == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_bad_file_of_own_words_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models import descriptors

    (tmp_path / "mine.yaml").write_text("kind: eq")
    monkeypatch.setattr(descriptors, "own_folder", lambda: tmp_path)
    descriptors.dictionary.cache_clear()
    try:
        code, out = run("words", "explain", "warm", "--json")
    finally:
        descriptors.dictionary.cache_clear()
    assert code == 1
    assert "mine.yaml" in json.loads(out)["error"]["message"]
