"""Equalising masters: the master track of a project, and mixes in files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from bridge import jobs, master_file, master_job, selection
from bridge.cli import app
from bridge.errors import UnreadableAudio, UsageError
from bridge.host import open_project
from bridge.host.host import Host
from bridge.master_job import MasterOptions, known_genre, run, run_on_file
from bridge.report import Outcome
from bridge.session import embedded
from models import genre_targets, genres
from models.audio import load
from models.eq import Eq
from models.loudness import integrated_lufs
from models.spectrum import measure
from models.targets import distance_db
from tests.bridge.small_project import plug_in, write_project

RATE = 44100


def song(seconds: float = 2.0, channels: int = 2, seed: int = 1) -> np.ndarray:
    """Return a muffled mix (frames, channels): beats, bass and chords under a low pass."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(seconds * RATE)) / RATE
    beat = np.exp(-((t % 0.5) / 0.05)) * rng.standard_normal(len(t))
    chords = sum(np.sin(2 * np.pi * f * t + f) / f for f in np.geomspace(55.0, 1760.0, 41))
    mix = 0.1 * np.convolve(beat, np.ones(12) / 12, mode="same") + 3.0 * chords
    return 0.4 * np.repeat((mix / np.abs(mix).max())[:, None], channels, axis=1)


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    path = tmp_path / "mix.wav"
    soundfile.write(path, song(), RATE, subtype="PCM_24")
    return path


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return open_project(write_project(tmp_path / "song"))


class TestFile:
    def test_it_comes_closer_to_its_target_and_stays_as_loud(self, mix: Path) -> None:
        report = run_on_file(mix)
        (track,) = report.tracks
        assert track.outcome is Outcome.WRITTEN
        assert track.decision
        written = Path(report.saved_to or "")
        assert written == mix.with_name("mix.mastered.wav")
        before, after = load(mix), load(written)
        assert after.samples.shape == before.samples.shape
        assert integrated_lufs(after) == pytest.approx(integrated_lufs(before), abs=0.1)
        target = track.decision.target
        assert distance_db(measure(after), target) < distance_db(measure(before), target) - 0.1
        assert soundfile.info(written).subtype == "PCM_24"
        assert track.message == f"equalised towards {target.name}"

    def test_the_eq_is_gentle_shelves_and_wide_bells(self, mix: Path) -> None:
        (track,) = run_on_file(mix, MasterOptions(dry_run=True)).tracks
        assert track.outcome is Outcome.PLANNED
        assert track.eq
        assert 1 <= len(track.eq.bands) <= 5
        response_db = track.eq.response_db(np.geomspace(20.0, 20000.0, 200), RATE)
        assert np.abs(response_db - track.eq.output_gain_db).max() <= 3.01
        assert all(band.bandwidth_oct >= 1.0 for band in track.eq.bands)
        assert {str(band.kind) for band in track.eq.bands} <= {"low_shelf", "high_shelf", "bell"}
        assert not mix.with_name("mix.mastered.wav").exists()

    def test_at_full_amount_it_keeps_to_the_largest_gain_too(self, mix: Path) -> None:
        options = MasterOptions(genre="metal", amount=1.0, max_gain_db=2.0, dry_run=True)
        (track,) = run_on_file(mix, options).tracks
        assert track.eq
        assert track.label == "metal"
        response_db = track.eq.response_db(np.geomspace(20.0, 20000.0, 200), RATE)
        assert 1.0 < np.abs(response_db - track.eq.output_gain_db).max() <= 2.01

    def test_a_genre_that_is_told_is_said_once(self, mix: Path) -> None:
        """It said "equalised as hip hop towards hip hop"."""
        (track,) = run_on_file(mix, MasterOptions(genre="hip hop", dry_run=True)).tracks
        assert track.message == "would be equalised towards hip hop"

    @pytest.mark.parametrize("amount", [0.25, 1.0])
    def test_no_band_does_next_to_nothing(self, mix: Path, amount: float) -> None:
        """A shelf of -0.1 dB used up one of five bands of the report."""
        for genre in ("reggae", "metal", "classical"):
            options = MasterOptions(genre=genre, amount=amount, dry_run=True)
            (track,) = run_on_file(mix, options).tracks
            assert track.eq
            assert min(abs(band.gain_db) for band in track.eq.bands) >= 0.149

    def test_references_are_blended(self, mix: Path, tmp_path: Path) -> None:
        rng = np.random.default_rng(1)
        for name in ("a", "b"):
            noise = 0.1 * rng.standard_normal((RATE * 2, 2))
            soundfile.write(tmp_path / f"{name}.wav", noise, RATE)
        both = (tmp_path / "a.wav", tmp_path / "b.wav")
        (track,) = run_on_file(mix, MasterOptions(references=both, dry_run=True)).tracks
        assert track.decision
        assert track.decision.target.provenance == "reference: a.wav, b.wav"
        assert track.distance_after_db
        assert track.distance_before_db
        assert track.distance_after_db < track.distance_before_db

    def test_what_would_clip_is_turned_down(self, tmp_path: Path) -> None:
        loud = song(1.0)
        path, out = tmp_path / "loud.flac", tmp_path / "out.flac"
        soundfile.write(path, 0.999 * loud / np.abs(loud).max(), RATE, subtype="PCM_24")
        (warning,) = master_file.write(path, out, Eq((), 6.0))
        assert warning == "Turned down by 6.0 dB, or it would clip."
        assert 0.99 < np.abs(load(out).samples).max() <= 1.0

    def test_a_floating_mix_stays_floating(self, tmp_path: Path) -> None:
        path = tmp_path / "float.wav"
        soundfile.write(path, song(channels=1), RATE, subtype="FLOAT")
        report = run_on_file(path)
        assert soundfile.info(report.saved_to or "").subtype == "FLOAT"

    def test_files_in_the_way_are_kept(self, mix: Path, tmp_path: Path) -> None:
        content = mix.read_bytes()
        with pytest.raises(UsageError, match="the mix itself"):
            run_on_file(mix, output=mix, overwrite=True)
        run_on_file(mix)
        with pytest.raises(UsageError, match="exists"):
            run_on_file(mix)
        run_on_file(mix, overwrite=True)
        with pytest.raises(UsageError, match="not written"):
            run_on_file(mix, output=tmp_path / "out.ogg")
        with pytest.raises(UsageError, match="no such folder"):
            run_on_file(mix, output=tmp_path / "nowhere" / "out.wav")
        assert mix.read_bytes() == content

    def test_silence_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "silence.wav"
        soundfile.write(path, np.zeros((RATE, 2)), RATE)
        report = run_on_file(path)
        assert report.tracks[0].outcome is Outcome.SKIPPED
        assert list(tmp_path.iterdir()) == [path]

    def test_a_broken_file_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.wav"
        path.write_bytes(b"RIFF not really")
        with pytest.raises(UnreadableAudio, match=r"broken\.wav"):
            run_on_file(path)
        assert list(tmp_path.iterdir()) == [path]


class TestProject:
    def test_the_eq_lands_on_the_master_and_nowhere_else(self, host: Host) -> None:
        session = embedded(host)
        before = session.list_tracks()
        report = run(session)
        (track,) = report.tracks
        assert track.outcome is Outcome.WRITTEN
        assert report.undo == "ReaTone: master EQ, 50% (1 track)"
        assert host.project.master.fx_chain.fx[0].name
        assert session.list_tracks() == before
        (master,) = session.begin_job([selection.MASTER]).tracks
        assert master.own
        assert master.memory
        assert master.memory.label == track.label
        assert master.own.eq == track.eq

    def test_a_second_run_replaces_the_first_and_hears_without_it(self, host: Host) -> None:
        session = embedded(host)
        first = run(session).tracks[0]
        second = run(session).tracks[0]
        assert len(host.project.master.fx_chain.fx) == 1
        assert second.distance_before_db == pytest.approx(first.distance_before_db, abs=1e-6)
        assert second.eq == first.eq

    def test_the_render_settings_and_the_selection_are_as_before(self, host: Host) -> None:
        session = embedded(host)
        keys = ("RENDER_SETTINGS", "RENDER_BOUNDSFLAG", "RENDER_ENDPOS", "RENDER_CHANNELS")
        api = host.api
        old = [api.RPR_GetSetProjectInfo(0, key, 0.0, False) for key in keys]
        run(session, MasterOptions(dry_run=True))
        assert [api.RPR_GetSetProjectInfo(0, key, 0.0, False) for key in keys] == old
        assert host.project.master.selected

    def test_amount_and_revert_reach_the_master(self, host: Host) -> None:
        session = embedded(host)
        half = run(session).tracks[0].eq
        jobs.amount(session, selection.MASTER, 1.0)
        (master,) = session.begin_job([selection.MASTER]).tracks
        assert half
        assert master.own
        gains = [band.gain_db for band in master.own.eq.bands]
        np.testing.assert_allclose(gains, [2 * band.gain_db for band in half.bands], atol=1e-3)
        jobs.revert(session, selection.MASTER)
        assert not host.project.master.fx_chain.fx

    @pytest.mark.parametrize(
        ("names", "place"),
        [
            (["VST: ReaComp (Cockos)", "VST: ReaLimit (Cockos)"], 1),
            (["JS: Master Limiter", "VST: ReaLimit (Cockos)", "VST: Youlean Loudness Meter 2"], 0),
            (["VST: ReaLimit (Cockos)", "VST: ReaComp (Cockos)"], 2),
            (["VST3: Pro-Q 3 (limited edition)"], 1),
        ],
    )
    def test_it_stands_before_the_limiter_that_ends_the_chain(
        self, host: Host, names: list[str], place: int
    ) -> None:
        plug_in(host.project.master, names)
        session = embedded(host)
        (track,) = run(session).tracks
        assert track.outcome is Outcome.WRITTEN
        titles = [fx.title for fx in host.project.master.fx_chain.fx]
        assert titles == [*names[:place], "ReaTone EQ", *names[place:]]
        told = [warning for warning in track.warnings if "ceiling" in warning]
        assert len(told) == (place < len(names))
        assert not any("ceiling" in warning for warning in run(session).tracks[0].warnings)
        jobs.revert(session, selection.MASTER)
        assert [fx.title for fx in host.project.master.fx_chain.fx] == names

    def test_a_limiter_that_came_to_stand_before_it_is_said(self, host: Host) -> None:
        session = embedded(host)
        run(session)
        plug_in(host.project.master, ["VST: ReaLimit (Cockos)"], index=0)
        (track,) = run(session).tracks
        assert [fx.title for fx in host.project.master.fx_chain.fx][1] == "ReaTone EQ"
        (told,) = [warning for warning in track.warnings if "ceiling" in warning]
        assert told.startswith("VST: ReaLimit (Cockos) stands before the ReaTone EQ")

    def test_a_dry_run_writes_nothing(self, host: Host) -> None:
        report = run(embedded(host), MasterOptions(dry_run=True))
        assert report.tracks[0].outcome is Outcome.PLANNED
        assert report.undo is None
        assert not host.project.master.fx_chain.fx

    def test_what_the_render_leaves_out_is_said(self, host: Host) -> None:
        (host.folder / "3.wav").unlink()
        (track,) = run(embedded(host)).tracks
        assert any("3.wav" in warning for warning in track.warnings)

    def test_a_muted_master_is_skipped(self, host: Host) -> None:
        host.project.master.muted = True
        assert run(embedded(host)).tracks[0].outcome is Outcome.SKIPPED

    def test_it_is_in_the_saved_file(self, host: Host, tmp_path: Path) -> None:
        run(embedded(host))
        host.save(tmp_path / "song" / "saved.rpp")
        again = embedded(open_project(tmp_path / "song" / "saved.rpp"))
        (master,) = again.begin_job([selection.MASTER]).tracks
        assert master.own
        assert not master.own.edited_by_hand


class TestCommand:
    def invoke(self, *arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    def test_a_project_and_a_mix_are_told_apart(self, mix: Path, tmp_path: Path) -> None:
        project = write_project(tmp_path / "song")
        content = project.read_bytes()
        output = tmp_path / "song" / "new.rpp"
        result = self.invoke("--json", "master", project, "--genre", "Hip hop", "--output", output)
        assert result.exit_code == 0, result.output
        report = json.loads(result.stdout)
        assert report["saved_to"] == str(output)
        assert report["tracks"][0]["name"] == "Master"
        assert report["tracks"][0]["target"] == "hip_hop"
        assert project.read_bytes() == content
        result = self.invoke("master", mix, "--dry-run")
        assert result.exit_code == 0, result.output
        assert "mix.wav: would be equalised towards " in result.stdout

    def test_wrong_use_has_one_message(self, mix: Path) -> None:
        result = self.invoke("master", mix, "--genre", "polka")
        assert result.exit_code == 2
        assert "Genres are: blues" in result.stderr

    def test_where_a_picture_goes_is_checked_before_the_work(self, mix: Path) -> None:
        """The EQ was written and its file stayed, though the picture was refused afterwards."""
        for name in ("picture.pdf", "nowhere/picture.png"):
            result = self.invoke("master", mix, "--plot", mix.parent / name)
            assert result.exit_code == 2
            assert name in result.stderr.replace("\n", "")
        assert list(mix.parent.iterdir()) == [mix]


class TestWishes:
    @pytest.mark.parametrize("written", ["Hip-Hop", "hip hop", "rap", " hip_hop "])
    def test_a_genre_is_known_as_people_write_it(self, written: str) -> None:
        assert known_genre(written) == "hip_hop"

    def test_an_unknown_genre_names_the_known_ones(self) -> None:
        with pytest.raises(UsageError, match="classical, country"):
            known_genre("polka")

    def test_genre_and_reference_exclude_each_other(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="one of them"):
            MasterOptions(genre="rock", references=(tmp_path / "a.wav",))


class TestTargets:
    @pytest.mark.parametrize("genre", genres.GENRES)
    def test_every_genre_has_a_plausible_target(self, genre: str) -> None:
        target = genre_targets.for_genre(genre)
        assert np.abs(target.curve_db).max() < 40.0
        assert "GTZAN" in target.provenance
        assert 0.1 < target.confidence.min() < 0.7 < target.confidence.max() <= 1.0

    def test_a_mixture_blends_in_proportion(self) -> None:
        guesses = [
            genres.Guess("metal", 0.7),
            genres.Guess("jazz", 0.26),
            genres.Guess("pop", 0.04),
        ]
        target = genre_targets.for_mixture(guesses)
        assert target.name == "metal 73%, jazz 27%"

    def test_one_genre_alone_is_its_own_target(self) -> None:
        """It was called "metal 100%"."""
        target = genre_targets.for_mixture([genres.Guess("metal", 0.9), genres.Guess("pop", 0.02)])
        assert target == genre_targets.for_genre("metal")
        assert target.name == "metal"

    def test_dark_and_bright_genres_are_told_apart(self) -> None:
        metal, classical = (genre_targets.for_genre(g) for g in ("metal", "classical"))
        assert metal.curve_db[92] - classical.curve_db[92] > 3.0  # 4 kHz

    def test_an_unknown_genre_is_an_error(self) -> None:
        with pytest.raises(genre_targets.TargetError, match="polka"):
            genre_targets.for_genre("polka")


def test_the_master_stands_apart_from_a_track_of_that_name() -> None:
    assert master_job.MASTER == selection.MASTER == "master"
