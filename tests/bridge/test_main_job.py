"""The main job end to end on the demo project: real recordings, the real host, the saved file."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bridge import jobs, offline
from bridge.host import open_project
from bridge.host.host import Host
from bridge.jobs import AutoOptions
from bridge.report import Outcome, Report
from bridge.session import embedded
from models import audio, loudness
from models.resources import presets_dir
from models.spectrum import GRID_HZ
from tests.projects import RATE_HZ, pink_noise, write_song

AMOUNT = 1.0


@dataclass(frozen=True)
class Run:
    """One run of `auto` on a copy of the demo project."""

    original: bytes
    song: Path
    report: Report


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(presets_dir() / "examples" / "demo", folder, dirs_exist_ok=True)
    song = folder / "demo.rpp"
    original = song.read_bytes()
    return Run(original, song, equalise(song))


def equalise(song: Path, **options: object) -> Report:
    chosen = AutoOptions(**{"tracks": "all", "amount": AMOUNT, **options})  # type: ignore[arg-type]
    return offline.work_on(song, None, lambda session: jobs.auto(session, chosen))


def render(song: Path, folder: Path, *, with_own: bool) -> list[audio.Clip]:
    """Render every track's pre-fader stem with ReaTone's EQ heard, or before it was written."""
    host = open_project(song)
    if not with_own:
        embedded(host).revert("before")
    return [audio.load(path) for path in stems(host, folder)]


def stems(host: Host, folder: Path) -> list[Path]:
    folder.mkdir(parents=True)
    api = host.api
    for index in range(api.RPR_CountTracks(0)):
        api.RPR_SetTrackSelected(api.RPR_GetTrack(0, index), 1)
    for key, value in {
        "RENDER_SETTINGS": 2 | 8192,
        "RENDER_BOUNDSFLAG": 1,
        "RENDER_CHANNELS": 2,
        "RENDER_SRATE": 0,
    }.items():
        api.RPR_GetSetProjectInfo(0, key, value, True)
    for key, text in {
        "RENDER_FILE": str(folder),
        "RENDER_PATTERN": "$tracknumber",
        "RENDER_FORMAT": "ZXZhdyAAAA==",
    }.items():
        api.RPR_GetSetProjectInfo_String(0, key, text, True)
    api.RPR_Main_OnCommand(42230, 0)
    return sorted(folder.glob("*.wav"))


def test_every_demo_track_is_equalised_within_the_default_limits(run: Run) -> None:
    assert len(run.report.tracks) == 7
    for track in run.report.tracks:
        assert track.outcome is Outcome.WRITTEN
        assert track.eq is not None
        assert 1 <= len(track.eq.bands) <= 6
        assert all(abs(band.gain_db) <= 6.0 for band in track.eq.bands)


def test_the_distance_to_the_target_falls_by_40_percent(run: Run) -> None:
    """Every track by itself, at most six bands and ±6 dB."""
    for track in run.report.tracks:
        assert track.distance_before_db is not None
        assert track.distance_after_db is not None
        assert track.distance_after_db <= 0.6 * track.distance_before_db, track.name


def test_bands_without_energy_are_hardly_lifted(run: Run) -> None:
    """A shelf that suits its neighbours would lift their hiss or rumble by as much."""
    for track in run.report.tracks:
        assert track.decision is not None
        heard, target = track.decision.listening.spectrum, track.decision.target
        silent = (heard.confidence * target.confidence < 0.05) & (GRID_HZ > 30.0)
        boost_db = np.maximum(track.decision.response_db(track.decision.full)[silent], 0.0)
        assert boost_db.sum() < 2.0 * max(len(boost_db), 1), track.name


def test_the_rendered_loudness_stays(run: Run, tmp_path: Path) -> None:
    """BS.1770 of the real stems, before and after, not the prediction that set the output gain."""
    before = render(run.song, tmp_path / "before", with_own=False)
    after = render(run.song, tmp_path / "after", with_own=True)
    for track, dry, wet in zip(run.report.tracks, before, after, strict=True):
        change_lu = loudness.integrated_lufs(wet) - loudness.integrated_lufs(dry)
        assert abs(change_lu) < 0.1, track.name


def test_a_second_run_gives_the_same_bands_in_the_same_place(run: Run, tmp_path: Path) -> None:
    again_song = tmp_path / "again" / "demo.rpp"
    shutil.copytree(run.song.parent, again_song.parent)
    once = again_song.read_bytes()

    again = equalise(again_song)

    for first, second in zip(run.report.tracks, again.tracks, strict=True):
        assert first.eq is not None
        assert second.eq is not None
        assert len(first.eq.bands) == len(second.eq.bands)
        for a, b in zip(first.eq.bands, second.eq.bands, strict=True):
            assert a.kind is b.kind
            assert a.gain_db == pytest.approx(b.gain_db, abs=0.1)
            assert a.freq_hz == pytest.approx(b.freq_hz, rel=1e-3)
    assert again_song.read_bytes().count(b'"ReaTone EQ"') == once.count(b'"ReaTone EQ"') == 7


def test_what_the_user_had_is_still_there_byte_for_byte(run: Run) -> None:
    """Every line of the original is kept, in order; only lines of ours stand between them."""
    lines = iter(run.song.read_bytes().splitlines(keepends=True))
    missing = [line for line in run.original.splitlines(keepends=True) if line not in lines]
    assert missing == []


def test_revert_gives_back_the_file_as_it_was(run: Run, tmp_path: Path) -> None:
    song = tmp_path / "reverted" / "demo.rpp"
    shutil.copytree(run.song.parent, song.parent)

    offline.work_on(song, None, lambda session: jobs.revert(session, "all"))

    assert song.read_bytes() == run.original


def test_the_previous_file_is_kept_beside_the_new_one(run: Run) -> None:
    assert run.song.with_suffix(".rpp-bak").read_bytes() == run.original


def test_amount_zero_is_flat_and_needs_no_audio(run: Run, tmp_path: Path) -> None:
    song = tmp_path / "demo.rpp"
    shutil.copy(run.song, song)  # without the media folder

    report = offline.work_on(song, None, lambda session: jobs.amount(session, "all", 0.0))

    freqs_hz = np.geomspace(20.0, 20000.0, 50)
    for track in report.tracks:
        assert track.outcome is Outcome.WRITTEN
        assert track.eq is not None
        np.testing.assert_allclose(track.eq.response_db(freqs_hz, 48000), 0.0, atol=1e-3)


def test_pink_noise_through_the_written_eq_has_the_predicted_response(tmp_path: Path) -> None:
    noise = pink_noise(12.0) * np.hanning(12 * RATE_HZ)
    song = write_song(tmp_path / "song", {"Noise": np.append(noise, np.zeros(RATE_HZ))})
    before = render(song, tmp_path / "before", with_own=True)[0]

    track = equalise(song).tracks[0]

    assert track.eq is not None
    assert track.eq.bands
    after = render(song, tmp_path / "after", with_own=True)[0]
    frequencies = np.fft.rfftfreq(before.samples.shape[1], 1.0 / RATE_HZ)
    heard = (frequencies > 30.0) & (frequencies < 18000.0)
    dry, wet = (np.fft.rfft(clip.samples[0].astype(float))[heard] for clip in (before, after))
    for low_hz in np.geomspace(30.0, 15000.0, 40):
        band = (frequencies[heard] >= low_hz) & (frequencies[heard] < low_hz * 1.19)
        power = [np.sum(np.abs(spectrum[band]) ** 2) for spectrum in (dry, wet)]
        response = track.eq.response(frequencies[heard][band], RATE_HZ)
        predicted = np.sum(np.abs(dry[band] * response) ** 2)
        assert 10.0 * np.log10(power[1] / predicted) == pytest.approx(0.0, abs=0.05)


def test_a_bad_track_never_stops_the_others(tmp_path: Path) -> None:
    broken = tmp_path / "song" / "broken.wav"
    broken.parent.mkdir()
    broken.write_bytes(b"RIFF\x10\x00\x00\x00WAVEfmt nonsense")
    holes = pink_noise(2.0)
    holes[1000] = np.nan
    song = write_song(
        tmp_path / "song",
        {
            "Silent": np.zeros(RATE_HZ),
            "Short": pink_noise(0.05),
            "Broken": broken,
            "Holes": holes,
            "Gone": tmp_path / "song" / "gone.wav",
            "Muted": pink_noise(2.0),
            "Good": pink_noise(5.0),
        },
        seconds=2.0,
        muted=("Muted",),
    )

    report = equalise(song)

    outcomes = {track.name: track for track in report.tracks}
    assert outcomes["Good"].outcome is Outcome.WRITTEN
    for name, word in {
        "Silent": "silent",
        "Broken": "broken.wav",
        "Holes": "not a number",
        "Gone": "gone.wav",
        "Muted": "muted",
    }.items():
        track = outcomes[name]
        assert track.outcome in {Outcome.SKIPPED, Outcome.FAILED}
        assert word in track.message.lower(), track.message
        assert track.eq is None
    assert song.read_text().count('"ReaTone EQ"') == 1 + (
        outcomes["Short"].outcome is Outcome.WRITTEN
    )
