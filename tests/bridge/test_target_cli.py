"""Targets of the user's own: learnt, listed, shown, mixed, used and removed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner, Result

from bridge import own_targets, target_job
from bridge.cli import app
from bridge.errors import UsageError
from bridge.host import open_project
from bridge.host.host import Host
from bridge.session import embedded
from models import targets
from models.spectrum import GRID_HZ
from models.target import TargetError
from tests.bridge.running import FakeWire, running
from tests.projects import RATE_HZ, pink_noise, write_song


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "presets"
    monkeypatch.setattr(own_targets, "default_folders", lambda: (tmp_path / "none", folder))
    return folder


@pytest.fixture
def takes(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "one.wav", tmp_path / "two.wav"]
    for seed, file in enumerate(files):
        soundfile.write(file, pink_noise(2.0, seed=seed), RATE_HZ, subtype="FLOAT")
    return files


def reatone(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def message(result: Result) -> str:
    """Return what was said on standard error, its line breaks taken out."""
    return " ".join(result.stderr.split())


def test_learnt_from_recordings_and_kept_as_yaml(takes: list[Path], home: Path) -> None:
    result = reatone("target", "learn", "My Vocals", *takes, "--json")

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["path"] == str(home / "my-vocals.yaml")
    target = own_targets.named("my vocals")
    assert target.name == "My Vocals"
    expected = targets.from_files(takes)
    assert np.abs(target.curve_db - expected.curve_db).max() < 0.02
    text = (home / "my-vocals.yaml").read_text(encoding="utf-8")
    assert "kind: target" in text
    assert str(takes[0].parent) not in text  # names alone: a preset may be passed on


def test_listed_with_the_classes_and_broken_ones_named(takes: list[Path], home: Path) -> None:
    own_targets.learn("Mine", takes)
    (home / "bad.yaml").write_text("reatone: 1\nkind: target\nname: Bad\n", encoding="utf-8")
    (home / "eq.yaml").write_text("reatone: 1\nkind: eq\nname: E\nbands: []\n", encoding="utf-8")

    rows = json.loads(reatone("target", "list", "--json").stdout)["targets"]

    assert [row["name"] for row in rows if not row["own"]] == list(targets.names())
    own = {row["name"]: row["problem"] for row in rows if row["own"]}
    assert set(own) == {"Mine", "Bad"}
    assert own["Mine"] is None
    assert "curve must be a mapping" in own["Bad"]
    assert "own    Mine" in reatone("target", "list").stdout
    broken = reatone("target", "show", "Bad")
    assert broken.exit_code == 1
    assert "curve must be a mapping" in message(broken)


def test_shown_as_text_and_picture(tmp_path: Path) -> None:
    picture = tmp_path / "kick.svg"
    result = reatone("target", "show", "Kick", "--plot", picture)

    assert result.exit_code == 0, result.output
    assert "kick: mean of" in result.stdout
    assert "62 Hz" in result.stdout
    assert "<svg" in picture.read_text(encoding="utf-8")
    octaves = json.loads(reatone("target", "show", "kick", "--json").stdout)["octaves"]
    assert octaves[1]["level_db"] > octaves[-1]["level_db"]  # a kick is low


def test_mixtures_are_weighted() -> None:
    mixture = own_targets.told("piano:3, organ")
    piano, organ = targets.for_class("piano"), targets.for_class("organ")
    expected = targets.blend([(piano, 0.75), (organ, 0.25)])
    assert np.abs(mixture.curve_db - expected.curve_db).max() < 1e-9
    assert mixture.name == "piano 75% + organ 25%"


@pytest.mark.parametrize("text", ["piano:", "piano:-1,organ", "piano:0", "piano:x", ",", "a:inf"])
def test_wrong_mixtures_say_how_to_write_one(text: str) -> None:
    with pytest.raises(UsageError, match=r"part of a mixture.*piano:0\.7"):
        own_targets.told(text)


def test_an_unknown_name_lists_classes_and_own_targets(takes: list[Path]) -> None:
    own_targets.learn("Mine", takes)
    result = reatone("target", "show", "kazoo")
    assert result.exit_code == 2
    assert "There is no class or target 'kazoo'." in message(result)
    assert "Yours: Mine." in message(result)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Bass guitar", "is the name of a class"),
        ("neutral", "is the name of a class"),
        ("../up", "a letter or digit first"),
        ("a/b", "cannot hold /"),
        ("a:b,c", "cannot hold , :"),
        ("", "cannot be a target's name"),
        ("x" * 61, "1 to 60 characters"),
        ("two\nlines", "cannot be a target's name"),
    ],
)
def test_names_that_cannot_be_used(name: str, said: str, takes: list[Path], home: Path) -> None:
    result = reatone("target", "learn", "--", name, *takes)
    assert result.exit_code == 2
    assert said in message(result)
    assert not home.exists()


def test_a_silent_or_missing_recording_is_named(tmp_path: Path, takes: list[Path]) -> None:
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(RATE_HZ), RATE_HZ)
    for bad, said in ((silent, "silent"), (tmp_path / "gone.wav", "gone.wav")):
        result = reatone("target", "learn", "Mine", takes[0], bad)
        assert result.exit_code == 1
        assert said in message(result)
        assert bad.name in message(result).replace(" ", "")
    assert own_targets.own() == []


def test_an_older_one_is_kept_unless_told_and_then_as_a_backup(
    takes: list[Path], home: Path
) -> None:
    own_targets.learn("Mine", takes[:1])
    before = (home / "mine.yaml").read_bytes()
    refused = reatone("target", "learn", "MINE", *takes)
    assert refused.exit_code == 1
    assert "add --overwrite" in message(refused)
    assert (home / "mine.yaml").read_bytes() == before

    assert reatone("target", "learn", "MINE", *takes, "--overwrite").exit_code == 0
    assert (home / "mine.yaml.bak").read_bytes() == before
    assert [one.name for one in own_targets.own()] == ["MINE"]


def test_removed_but_kept_beside(takes: list[Path], home: Path) -> None:
    own_targets.learn("Mine", takes)
    assert reatone("target", "remove", "mine").exit_code == 0
    assert own_targets.own() == []
    assert (home / "mine.yaml.bak").is_file()
    assert "stays" in message(reatone("target", "remove", "piano"))


def test_auto_takes_own_targets_and_mixtures_as_class(tmp_path: Path, takes: list[Path]) -> None:
    own_targets.learn("My Bass", takes)
    song = write_song(tmp_path / "song", {"One": np.diff(pink_noise(3.0), prepend=0.0)})
    for told, label in (("my bass", "My Bass"), ("kick:1,toms:1", "kick 50% + toms 50%")):
        result = reatone("auto", song, "--class", told, "--json")
        assert result.exit_code == 0, result.output
        (track,) = json.loads(result.stdout)["tracks"]
        assert track["class"] == label
        assert track["confidence"] is None
        assert track["distance_after_db"] < track["distance_before_db"]


def test_actions_and_surfaces_take_them_too(
    host: Host, wire: FakeWire, tmp_path: Path, takes: list[Path]
) -> None:
    own_targets.learn("My Bass", takes)
    session = embedded(host)
    with running(lambda: session, tmp_path / "wire", wire=wire):
        wire.send("1", "auto", **{"class": "my bass:3, kick"})
        assert wire.end_of("1")[0] == "done"
        wire.send("2", "auto", **{"class": "kazoo"})
        state, text = wire.end_of("2")
    memory = session.list_tracks()[0].memory
    assert memory is not None
    assert memory.label == "My Bass 75% + kick 25%"
    assert state == "failed"
    assert "There is no class or target 'kazoo'." in text


def test_a_foreign_file_cannot_take_the_place_of_a_class(home: Path, takes: list[Path]) -> None:
    _, path = own_targets.learn("Mine", takes)
    text = path.read_text(encoding="utf-8").replace("name: Mine", "name: piano")
    (home / "sneaky.yaml").write_text(text, encoding="utf-8")
    shipped = targets.for_class("piano")
    assert np.array_equal(own_targets.named("piano").curve_db, shipped.curve_db)


def test_models_alone_know_no_own_targets() -> None:
    with pytest.raises(TargetError, match="choose one of"):
        targets.for_class("Mine")


class TestFromProject:
    @pytest.fixture
    def song(self, tmp_path: Path) -> Path:
        sounds = {name: pink_noise(2.0, seed=seed) for seed, name in enumerate(("One", "Two"))}
        return write_song(tmp_path / "song", sounds)

    def test_tracks_sound_as_their_recordings(
        self, song: Path, takes: list[Path], home: Path
    ) -> None:
        before = song.read_bytes()
        result = reatone("target", "learn", "Mine", "--from-project", song, "--tracks", "all")
        assert result.exit_code == 0, result.output
        assert "reference: One, Two; saved as" in result.stdout
        found, expected = own_targets.named("Mine"), targets.from_files(takes)
        assert np.abs(found.curve_db - expected.curve_db).max() < 0.1
        assert "- One" in (home / "mine.yaml").read_text(encoding="utf-8")
        assert song.read_bytes() == before

    def test_reatones_eq_counts_as_it_is_heard_but_not_switched_off(self, song: Path) -> None:
        def learnt(name: str) -> np.ndarray:
            return target_job.learn(embedded(open_project(song)), name, "1").target.curve_db

        dry = learnt("dry")
        assert reatone("describe", "+6 dB at 3 kHz", song, "--tracks", "One").exit_code == 0
        wet = learnt("wet")
        session = embedded(open_project(song))
        session.set_bypass("off", True, [session.list_tracks()[0].guid])
        off = target_job.learn(session, "off", "1").target.curve_db
        assert np.ptp(wet - dry) == pytest.approx(6.0, abs=1.0)  # smoothed by ear: 5.3
        assert 2000.0 < GRID_HZ[np.argmax(wet - dry)] < 4500.0
        assert np.abs(off - dry).max() < 0.01

    def test_json_names_the_tracks(self, song: Path) -> None:
        result = reatone(
            "target", "learn", "Mine", "--from-project", song, "--tracks", "Two", "--json"
        )
        report = json.loads(result.stdout)
        assert (report["tracks"], report["warnings"]) == (["Two"], [])

    def test_a_silent_track_is_named_and_nothing_kept(self, tmp_path: Path) -> None:
        song = write_song(tmp_path / "song", {"One": pink_noise(1.0), "Mute": np.zeros(RATE_HZ)})
        result = reatone("target", "learn", "Mine", "--from-project", song, "--tracks", "all")
        assert result.exit_code == 1
        assert "Mute: silent" in message(result)
        assert own_targets.own() == []

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ((), "one of the two"),
            (("a.wav", "--from-project", "x.rpp"), "one of the two"),
            (("a.wav", "--tracks", "all"), "goes with --from-project"),
            (("--from-project", "gone.rpp"), "gone.rpp"),
        ],
    )
    def test_wrong_use_is_told(self, arguments: tuple[str, ...], said: str) -> None:
        result = reatone("target", "learn", "Mine", *arguments)
        assert result.exit_code in (1, 2)
        assert said in message(result)

    def test_a_name_that_is_taken_is_told_before_anything_is_rendered(
        self, song: Path, takes: list[Path]
    ) -> None:
        own_targets.learn("Mine", takes)
        result = reatone("target", "learn", "mine", "--from-project", song, "--tracks", "kazoo")
        assert "add --overwrite" in message(result)


def test_words_take_own_targets_and_mixtures_as_class(tmp_path: Path, takes: list[Path]) -> None:
    own_targets.learn("My Bass", takes)
    song = write_song(tmp_path / "song", {"One": pink_noise(2.0)})
    for told, label in (
        ("my bass", "My Bass"),
        ("Bass guitar", "bass_guitar"),
        ("kick:1,toms:1", "kick 50% + toms 50%"),
    ):
        result = reatone("describe", "warmer", song, "--class", told, "--dry-run", "--json")
        assert result.exit_code == 0, result.output
        (track,) = json.loads(result.stdout)["tracks"]
        assert track["class"] == label
    assert "no class or target" in message(reatone("describe", "warmer", song, "--class", "kazoo"))
