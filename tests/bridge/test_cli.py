"""The command line: exit codes, messages, and nothing written when something is wrong."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from bridge import files, pictures
from bridge.cli import app
from bridge.errors import CannotWrite
from bridge.host import open_project
from tests.conftest import ROOT
from tests.projects import RATE_HZ, pink_noise, write_song


def reatone(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def tree(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song", {"One": pink_noise(3.0), "Two": pink_noise(3.0, seed=1)})


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from bridge.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "assert CliRunner().invoke(app, ['auto', '--help']).exit_code == 0\n"
        "heavy = {'numpy', 'scipy', 'torch', 'reapy', 'soundfile', 'matplotlib', 'yaml'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_auto_writes_and_reports_json(song: Path) -> None:
    result = reatone("auto", song, "--json")

    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["saved_to"] == str(song)
    assert report["amount"] == 0.65
    assert [track["name"] for track in report["tracks"]] == ["One", "Two"]
    for track in report["tracks"]:
        assert track["status"] == "written"
        assert {"class", "confidence", "loudness_change_lu", "warnings"} <= set(track)
        assert {"kind", "freq_hz", "gain_db", "bandwidth_oct"} == set(track["bands"][0])
        assert track["distance_after_db"] < track["distance_before_db"]
    assert song.read_text().count('"ReaTone EQ"') == 2


def test_global_json_is_the_same(song: Path) -> None:
    assert json.loads(reatone("--json", "auto", song, "--dry-run").stdout)["job"] == "auto"


def test_dry_run_writes_nothing(song: Path) -> None:
    before = tree(song.parent)
    result = reatone("auto", song, "--dry-run")
    assert result.exit_code == 0
    assert "would be equalised" in result.stdout
    assert tree(song.parent) == before


def test_a_dry_run_makes_no_copy_either(song: Path) -> None:
    before = tree(song.parent)
    result = reatone("auto", song, "--dry-run", "--output", song.parent / "copy.rpp")
    assert result.exit_code == 0
    assert "Saved" not in result.stdout
    assert tree(song.parent) == before


def test_what_stood_where_the_output_goes_is_kept(song: Path) -> None:
    other = song.parent / "other.rpp"
    other.write_bytes(b"precious")
    assert reatone("auto", song, "--output", other).exit_code == 0
    assert other.with_suffix(".rpp-bak").read_bytes() == b"precious"


def test_a_second_run_still_makes_the_copy_asked_for(song: Path) -> None:
    assert reatone("auto", song).exit_code == 0
    copy = song.parent / "copy.rpp"
    assert reatone("auto", song, "--output", copy).exit_code == 0
    assert copy.read_bytes() == song.read_bytes()


def test_what_was_done_is_said_though_the_picture_fails(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise CannotWrite("p.png cannot be written: disk full.", "Free some space.")

    monkeypatch.setattr(pictures, "draw", full)
    result = reatone("auto", song, "--plot", song.parent / "p.png")
    assert result.exit_code == 1
    assert "One: equalised" in result.stdout
    assert "disk full" in result.stderr


def test_a_class_that_was_told_is_not_called_heard(song: Path) -> None:
    result = reatone("auto", song, "--dry-run", "--class", "bass_guitar")
    assert "One: would be equalised as bass guitar, distance" in result.stdout
    assert "heard" not in result.stdout


def test_hand_made_changes_are_not_reverted_in_silence(song: Path) -> None:
    """Once back at what the user made, a further revert leaves it."""
    assert reatone("auto", song, "--tracks", "1").exit_code == 0
    host = open_project(song)
    track = host.api.RPR_GetTrack(0, 0)
    host.api.RPR_TrackFX_SetEQParam(track, 0, 2, 0, 1, 0.0, False)
    host.save()
    edited = song.read_bytes()
    assert reatone("auto", song, "--tracks", "1").exit_code == 0

    first = reatone("revert", song)
    assert "One: reverted" in first.stdout
    second = reatone("revert", song)

    assert "One: left as it is" in second.stdout
    assert "as you made it" in second.stdout
    assert song.read_bytes().count(b"ReaTone EQ") == edited.count(b"ReaTone EQ") == 1


def test_a_bypassed_eq_is_said_to_be(song: Path) -> None:
    assert reatone("auto", song, "--tracks", "1").exit_code == 0
    host = open_project(song)
    host.api.RPR_TrackFX_SetEnabled(host.api.RPR_GetTrack(0, 0), 0, False)
    host.save()
    result = reatone("auto", song, "--tracks", "1", "--amount", 1)
    assert "bypassed and stays so" in result.stdout


@pytest.mark.parametrize("rate", ["-5", "3", "1000000000"])
def test_an_impossible_sample_rate_is_refused_before_any_work(song: Path, rate: str) -> None:
    song.write_text(song.read_text().replace(f"SAMPLERATE {RATE_HZ} 0 0", f"SAMPLERATE {rate} 1 0"))
    before = tree(song.parent)
    result = reatone("auto", song)
    assert result.exit_code == 1
    assert f"sample rate is {float(rate):g} Hz" in result.stderr
    assert tree(song.parent) == before


def test_output_leaves_the_project_alone_and_keeps_its_media_reachable(
    song: Path, tmp_path: Path
) -> None:
    before = tree(song.parent)
    copy = tmp_path / "elsewhere" / "copy.rpp"
    copy.parent.mkdir()

    assert reatone("auto", song, "--output", copy).exit_code == 0

    assert tree(song.parent) == before
    again = json.loads(reatone("auto", copy, "--dry-run", "--json").stdout)
    assert [track["status"] for track in again["tracks"]] == ["planned", "planned"]


def test_options_are_kept(song: Path) -> None:
    arguments = ("--bands", 2, "--max-gain", 3, "--cuts-only", "--class", "Bass guitar")
    result = reatone("auto", song, "--json", "--amount", 1, "--tracks", "two", *arguments)
    (track,) = json.loads(result.stdout)["tracks"]
    assert track["name"] == "Two"
    assert track["class"] == "bass_guitar"
    assert 1 <= len(track["bands"]) <= 2
    assert all(-3.0 <= band["gain_db"] <= 0.0 for band in track["bands"])


def test_match_follows_the_reference(song: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    bright = tmp_path / "bright.wav"
    soundfile.write(bright, 0.05 * rng.standard_normal(3 * RATE_HZ), RATE_HZ)

    result = reatone("match", song, "--reference", bright, "--amount", 1, "--json")

    report = json.loads(result.stdout)
    assert report["job"] == "match"
    for track in report["tracks"]:  # white noise is brighter than the tracks' pink
        low, high = (
            [b["gain_db"] for b in track["bands"] if (b["freq_hz"] < 800) is x]
            for x in (True, False)
        )
        assert sum(low) < sum(high)
        assert track["distance_after_db"] < 0.5 * track["distance_before_db"]


def test_amount_and_revert(song: Path) -> None:
    original = song.read_bytes()
    assert reatone("auto", song).exit_code == 0

    halved = json.loads(reatone("amount", song, "0.3", "--json").stdout)
    inverse = json.loads(reatone("amount", song, "-0.5", "--json").stdout)

    for small, inverted in zip(halved["tracks"], inverse["tracks"], strict=True):
        for a, b in zip(small["bands"], inverted["bands"], strict=True):
            assert a["gain_db"] / 0.3 == pytest.approx(b["gain_db"] / -0.5, abs=0.02)
    assert reatone("revert", song).exit_code == 0
    assert song.read_bytes() == original


def test_presets_go_out_and_come_in(song: Path, tmp_path: Path) -> None:
    folder = tmp_path / "presets"
    assert reatone("auto", song, "--presets", folder).exit_code == 0
    exported = sorted(folder.glob("*.yaml"))
    assert [path.stem for path in exported] == ["one", "two"]

    shown = json.loads(reatone("preset", "show", exported[0], "--json").stdout)
    imported = json.loads(
        reatone("preset", "import", song, exported[0], "--tracks", "Two", "--json").stdout
    )
    listed = json.loads(reatone("preset", "list", folder, "--json").stdout)

    assert imported["tracks"][0]["bands"] == shown["bands"]
    assert [row["kind"] for row in listed["presets"]] == ["eq", "eq"]
    refused = reatone("preset", "export", song, folder)
    assert refused.exit_code == 1
    assert "one.yaml" in refused.stderr
    assert reatone("preset", "export", song, folder, "--overwrite").exit_code == 0


def test_plot_is_drawn(song: Path, tmp_path: Path) -> None:
    assert reatone("auto", song, "--dry-run", "--plot", tmp_path / "p.svg").exit_code == 0
    assert "One" in (tmp_path / "p.svg").read_text()


def test_classify_says_what_it_hears(song: Path) -> None:
    result = reatone("classify", song.parent / "1.wav", song.parent / "nothing.wav", "--json")
    good, missing = json.loads(result.stdout)["files"]
    assert result.exit_code == 1
    assert sum(guess["confidence"] for guess in good["guesses"]) == pytest.approx(1.0, abs=0.01)
    assert "nothing.wav" in missing["problem"]


def bad_projects(folder: Path, song: Path) -> dict[str, Path]:
    data = song.read_bytes()
    contents = {
        "text.rpp": b"Dear diary,\n",
        "empty.rpp": b"",
        "binary.rpp": bytes(range(256)) * 64,
        "truncated.rpp": data[: len(data) // 2],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in [*contents, "nowhere.rpp"]}


@pytest.mark.parametrize(
    "name", ["text.rpp", "empty.rpp", "binary.rpp", "truncated.rpp", "nowhere.rpp"]
)
def test_what_is_no_project_is_refused_in_one_message(
    name: str, song: Path, tmp_path: Path
) -> None:
    path = bad_projects(tmp_path, song)[name]
    before = tree(tmp_path)

    result = reatone("auto", path, "--tracks", "all")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert name in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert tree(tmp_path) == before


def test_errors_are_json_too(tmp_path: Path) -> None:
    result = reatone("auto", tmp_path / "nowhere.rpp", "--json")
    assert json.loads(result.stdout)["error"]["code"] == "no_such_file"


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("--tracks", "bass"), "bass", 2),
        (("--amount", "3"), "3", 2),
        (("--class", "kazoo"), "kazoo", 2),
        (("--max-gain", "99"), "max-gain", 2),
        (("--plot", "p.gif"), "p.gif", 2),
        (("--plot", "nowhere/p.png"), "no such folder", 2),
        (("--presets", "p", "--dry-run"), "--presets", 2),
        (("--tracks", "9" * 5000), "9999", 2),
    ],
)
def test_wrong_use_is_said(arguments: tuple[str, ...], said: str, code: int, song: Path) -> None:
    before = tree(song.parent)
    result = reatone("auto", song, *arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert tree(song.parent) == before


def test_no_track_selected_says_what_to_do(tmp_path: Path) -> None:
    song = write_song(tmp_path, {"One": pink_noise(1.0)}, selected=False)
    before = tree(tmp_path)
    result = reatone("auto", song)
    assert result.exit_code == 1
    assert "--tracks" in result.stderr
    assert tree(tmp_path) == before


def test_a_project_of_silence_only_fails_and_stays(tmp_path: Path) -> None:
    song = write_song(tmp_path, {"Quiet": np.zeros(RATE_HZ)})
    before = tree(tmp_path)
    result = reatone("auto", song)
    assert result.exit_code == 1
    assert "silent" in result.stdout
    assert tree(tmp_path) == before


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder nobody writes to")
def test_a_folder_that_cannot_be_written_is_refused(song: Path) -> None:
    before = tree(song.parent)
    result = reatone("auto", song, "--output", "/proc/copy.rpp")
    assert result.exit_code == 1
    assert "/proc/copy.rpp" in result.stderr
    assert tree(song.parent) == before


def test_a_full_disk_leaves_the_project_as_it_was(
    song: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(song.parent)

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    result = reatone("auto", song)
    assert result.exit_code == 1
    assert "No space left" in result.stderr
    assert tree(song.parent) == before


def test_an_unknown_reaeq_state_is_passed_through(song: Path) -> None:
    """A chain with a ReaEQ of an unknown version keeps that plug-in's bytes and is reported."""
    data = song.read_text()
    foreign = (
        "    <FXCHAIN\n      SHOW 0\n      BYPASS 0 0 0\n"
        '      <VST "VST: ReaEQ (Cockos)" reaeq.dll 0 "" 1919247729 ""\n'
        "        cWVlcu5e7f4CAAAAAQAAAAAAAAACAAAAAAAAAAIAAAABAAAAAAAAAAIAAAAAAAAABAAAAAEAAAAAABAA\n"
        "        /////w==\n        AAAQAAAA\n      >\n      FLOATPOS 0 0 0 0\n"
        "      FXID {0B0B0B0B-0000-4000-8000-000000000000}\n      WAK 0 0\n    >\n"
    )
    song.write_text(data.replace("    <ITEM\n", foreign + "    <ITEM\n", 1))

    report = json.loads(reatone("auto", song, "--json").stdout)

    assert foreign.splitlines()[3] in song.read_text().splitlines()
    assert "        /////w==" in song.read_text().splitlines()
    assert report["tracks"][0]["status"] == "written"
    assert any("ReaEQ" in warning for warning in report["tracks"][0]["warnings"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "reatone: 1\nkind: eq\nname: x\nbands: [{kind: bell, freq_hz: loud, gain_db: 1}]\n",
            "freq_hz",
        ),
        ("a: &a [x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchor"),
        ("", "preset.yaml"),
    ],
)
def test_a_bad_preset_is_refused_before_anything_is_written(
    text: str, said: str, song: Path, tmp_path: Path
) -> None:
    preset = tmp_path / "preset.yaml"
    preset.write_text(text)
    before = tree(tmp_path)
    result = reatone("preset", "import", song, preset)
    assert result.exit_code == 1
    assert said in result.stderr
    assert tree(tmp_path) == before


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge.cli", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("reatone ")
