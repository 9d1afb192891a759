"""`reatone learn-eq` and `reatone apply-eq`, on files and on a project."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from bridge import learned, presets
from bridge.cli import app
from bridge.host import open_project
from bridge.host.items import items_of
from bridge.session import embedded
from models.audio import load
from models.eq import Band, BandKind, Eq
from tests.projects import RATE_HZ, pink_noise, write_song

EQ = Eq((Band(BandKind.BELL, 700.0, 6.0, 1.0), Band(BandKind.HIGH_SHELF, 5000.0, -5.0, 1.2)), -2.0)
DRY = pink_noise(2.0)
WET = EQ.apply(DRY[None], RATE_HZ)[0]


def reatone(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: tmp_path / "data")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "dry.wav", tmp_path / "Vocal chain.wav"
    for path, signal in zip(paths, (DRY, WET), strict=True):
        soundfile.write(path, signal, RATE_HZ, subtype="PCM_24")
    return paths


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network file learnt once, to be applied."""
    from bridge import learn_job

    folder = tmp_path_factory.mktemp("learnt")
    for name, signal in (("dry", DRY), ("wet", WET)):
        soundfile.write(folder / f"{name}.wav", signal, RATE_HZ, subtype="FLOAT")
    report = learn_job.run(folder / "dry.wav", folder / "wet.wav", dry_run=True)
    path = folder / "vocal.safetensors"
    path.write_bytes(report.learnt.network.save())
    return path


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_song(tmp_path / "song", {"One": pink_noise(1.0), "Two": pink_noise(1.0, seed=1)})


def test_a_pair_becomes_a_network_and_an_editable_preset(pair: tuple[Path, Path]) -> None:
    result = reatone("learn-eq", *pair, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["only_eq"]
    assert report["eq_residual_db"] < -30.0
    assert [Path(path) for path in report["saved"]] == [
        learned.network_path("Vocal chain"),
        learned.preset_path("Vocal chain"),
    ]
    preset = presets.load(learned.preset_path("Vocal chain"))
    freqs_hz = np.geomspace(50.0, 15000.0, 50)
    error_db = preset.eq.response_db(freqs_hz, RATE_HZ) - EQ.response_db(freqs_hz, RATE_HZ)
    assert np.abs(error_db).mean() < 0.2
    assert preset.source["after"] == "Vocal chain.wav"


def test_nothing_is_replaced_unasked(pair: tuple[Path, Path], network: Path) -> None:
    learned.save("chain", learned.load(str(network)), presets.EqPreset("chain", EQ))
    before = learned.network_path("chain").read_bytes()
    again = reatone("learn-eq", *pair, "--name", "Chain")
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr
    assert learned.network_path("chain").read_bytes() == before
    assert reatone("learn-eq", *pair, "--name", "Chain", "--overwrite").exit_code == 0
    assert learned.network_path("chain").read_bytes() != before


def test_a_dry_run_saves_nothing_and_a_picture_is_drawn(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    result = reatone("learn-eq", *pair, "--dry-run", "--plot", tmp_path / "picture.png")
    assert result.exit_code == 0, result.output
    assert "an EQ explains it" in result.stdout
    assert not (tmp_path / "data").exists()
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_learnt_is_one_clear_message(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.wav"
    soundfile.write(other, pink_noise(2.0, seed=4), RATE_HZ)
    unrelated = reatone("learn-eq", pair[0], other)
    assert unrelated.exit_code == 2
    assert "does not sound like BEFORE" in unrelated.stderr
    missing = reatone("learn-eq", pair[0], tmp_path / "missing.wav")
    assert missing.exit_code == 1
    assert "missing.wav" in missing.stderr


def test_a_file_is_processed_beside_it(pair: tuple[Path, Path], network: Path) -> None:
    result = reatone("apply-eq", network, pair[0])
    assert result.exit_code == 0, result.output
    got = load(pair[0].with_name("dry.vocal.wav")).samples[0]
    assert len(got) == len(DRY)
    assert np.sum((got - WET) ** 2) < 1e-4 * np.sum(WET**2)
    again = reatone("apply-eq", network, pair[0])
    assert again.exit_code == 2
    assert "exists" in again.stderr


def test_an_unknown_name_lists_the_known_ones(pair: tuple[Path, Path], network: Path) -> None:
    learned.save("Vocal chain", learned.load(str(network)), presets.EqPreset("Vocal chain", EQ))
    result = reatone("apply-eq", "bass chain", pair[0])
    assert result.exit_code == 1
    assert "vocal-chain" in result.stderr


def test_a_damaged_network_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"no weights")
    result = reatone("apply-eq", bad, pair[0])
    assert result.exit_code == 1
    assert "holds no learnt EQ" in result.stderr


def test_the_items_of_a_project_get_takes(song: Path, network: Path, tmp_path: Path) -> None:
    result = reatone("apply-eq", network, song, "--tracks", "Two", "--json")
    assert result.exit_code == 0, result.output
    (report,) = json.loads(result.stdout)["tracks"]
    assert (report["name"], report["status"]) == ("Two", "written")
    one, two = open_project(song).project.tracks
    assert len(items_of(one.node, song.parent)[0].takes) == 1
    (item,) = items_of(two.node, song.parent)
    old, new = item.takes
    assert item.active_take.source.path == new.source.path == song.parent / "2.vocal.wav"
    assert old.source.path == song.parent / "2.wav"
    assert song.with_suffix(".rpp-bak").exists()
    wanted = EQ.apply(pink_noise(1.0, seed=1)[None], RATE_HZ)
    got = load(song.parent / "2.vocal.wav").samples
    assert np.sum((got - wanted) ** 2) < 1e-3 * np.sum(wanted**2)
    (rendered,) = embedded(open_project(song)).begin_job([two.guid], directory=tmp_path).tracks
    assert rendered.audio
    np.testing.assert_allclose(load(rendered.audio).samples[0], got[0], atol=1e-5)


def test_a_second_take_replaces_the_first_as_the_active_one(song: Path, network: Path) -> None:
    assert reatone("apply-eq", network, song, "--tracks", "One").exit_code == 0
    # The active take is now the processed one: what is applied again acts on it.
    assert reatone("apply-eq", network, song, "--tracks", "One").exit_code == 0
    (item,) = items_of(open_project(song).project.tracks[0].node, song.parent)
    assert [take.selected for take in item.takes] == [False, False, True]
    assert item.active_take.source.path == song.parent / "1.vocal.vocal.wav"


def test_the_take_plays_as_the_old_one_did(song: Path, network: Path) -> None:
    text = song.read_text()
    head, item = text.split("<ITEM", 1)
    item = item.replace("<SOURCE", "SOFFS 0.25\n      PLAYRATE 0.5 0 0 -1\n      <SOURCE", 1)
    song.write_text(f"{head}<ITEM{item}")
    assert reatone("apply-eq", network, song, "--tracks", "One").exit_code == 0
    (played,) = items_of(open_project(song).project.tracks[0].node, song.parent)
    old, new = played.takes
    assert (old.source_offset_s, old.play_rate) == (0.25, 0.5)
    for value in ("source_offset_s", "play_rate", "preserves_pitch", "volume", "pan"):
        assert getattr(new, value) == getattr(old, value), value


def test_a_dry_run_and_a_file_in_the_way_change_nothing(song: Path, network: Path) -> None:
    before = song.read_bytes()
    planned = reatone("apply-eq", network, song, "--tracks", "all", "--dry-run")
    assert planned.exit_code == 0, planned.output
    assert "would get 1 take" in planned.stdout
    (song.parent / "2.vocal.wav").write_bytes(b"mine")
    result = reatone("apply-eq", network, song, "--tracks", "all")
    assert result.exit_code == 2
    assert song.read_bytes() == before
    assert (song.parent / "2.vocal.wav").read_bytes() == b"mine"
    assert not (song.parent / "1.vocal.wav").exists()


def test_items_that_are_more_than_a_file_are_left_alone(song: Path, network: Path) -> None:
    song.write_text(song.read_text().replace("<ITEM", "<ITEM\n      ALLTAKES 1", 1))
    result = reatone("apply-eq", network, song, "--tracks", "all")
    assert result.exit_code == 0, result.output
    assert "all its takes play together" in result.stdout
    one, two = open_project(song).project.tracks
    assert len(items_of(one.node, song.parent)[0].takes) == 1
    assert len(items_of(two.node, song.parent)[0].takes) == 2
