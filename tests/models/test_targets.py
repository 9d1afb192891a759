"""Targets: what ships, how they are built, and the change and distance that follow from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import matching, target_files, targets
from models.audio import AudioError
from models.instruments import CLASSES, Guess, classify_spectrum
from models.spectrum import ERB_WEIGHT, GRID_HZ, Spectrum, erb_smooth, measure_file
from models.target import Target, TargetError, smoothed_db
from models.training import build_targets, corpus, evaluate_autoeq

OCTAVE = np.log2(GRID_HZ / 1000.0)
ONES = np.ones_like(GRID_HZ)


def spectrum_of(level_db: np.ndarray, confidence: np.ndarray = ONES) -> Spectrum:
    return Spectrum(level_db, confidence, active_s=10.0, duration_s=10.0)


def target_of(curve_db: np.ndarray, spread_db: float = 1.0, name: str = "made up") -> Target:
    return Target(curve_db, np.full_like(GRID_HZ, spread_db), ONES, "test", name)


FALLING = spectrum_of(-3.0 * OCTAVE)
FLAT = target_of(0.0 * OCTAVE)


class TestShipped:
    def test_every_class_has_one(self) -> None:
        assert targets.names() == CLASSES

    @pytest.mark.parametrize("name", [*CLASSES, "neutral"])
    def test_is_sound(self, name: str) -> None:
        target = targets.for_class(name)
        weight = ERB_WEIGHT * target.confidence
        assert weight @ target.curve_db == pytest.approx(0.0, abs=1e-9)
        assert target.name == name
        assert "clips" in target.provenance or name == "neutral"
        assert 0.0 < target.spread_db.min() <= target.spread_db.max() <= 30.0
        assert target.confidence.max() > 0.5
        # No step from point to point (1/12 octave) beyond what real instruments' edges have.
        sure = np.minimum(target.confidence[1:], target.confidence[:-1]) > 0.3
        assert np.abs(np.diff(target.curve_db))[sure].max() < 4.0

    def test_they_tell_instruments_apart(self) -> None:
        tilt = {n: np.polyfit(OCTAVE, targets.for_class(n).curve_db, 1)[0] for n in CLASSES}
        assert tilt["kick"] < tilt["drums_kit"] < tilt["hihat"]
        assert tilt["bass_guitar"] < tilt["guitar_electric_clean"]

    def test_neutral_is_the_widest(self) -> None:
        widest = max(targets.for_class(name).spread_db.mean() for name in CLASSES)
        assert targets.neutral().spread_db.mean() > widest

    @pytest.mark.parametrize("name", ["kazoo", "", "../targets/kick", "kick.yaml"])
    def test_unknown_name(self, name: str) -> None:
        with pytest.raises(TargetError, match="choose one of bass_guitar"):
            targets.for_class(name)

    def test_arrays_cannot_be_changed(self) -> None:
        with pytest.raises(ValueError, match="read-only"):
            targets.for_class("kick").curve_db[0] = 1.0


class TestDistance:
    @given(level=st.floats(-60.0, 60.0), tilt=st.floats(-6.0, 6.0))
    def test_level_does_not_count(self, level: float, tilt: float) -> None:
        target = target_of(tilt * OCTAVE)
        quiet, loud = spectrum_of(-2.0 * OCTAVE), spectrum_of(-2.0 * OCTAVE + level)
        assert targets.distance_db(quiet, target) == pytest.approx(
            targets.distance_db(loud, target), abs=1e-9
        )

    @given(tilt=st.floats(-6.0, 6.0))
    def test_zero_on_the_target_and_when_the_eq_is_the_difference(self, tilt: float) -> None:
        target = target_of(erb_smooth(tilt * OCTAVE))
        assert targets.distance_db(spectrum_of(tilt * OCTAVE), target) == pytest.approx(
            0.0, abs=1e-9
        )
        assert targets.distance_db(spectrum_of(0.0 * OCTAVE), target, tilt * OCTAVE) == (
            pytest.approx(0.0, abs=1e-9)
        )

    def test_is_the_erb_weighted_mean_deviation_from_60_hz_to_12_khz(self) -> None:
        # Two plateaus 6 dB apart, split where half of the ERBs lie: any offset between leaves 3 dB.
        inside = (GRID_HZ >= 60.0) & (GRID_HZ <= 12000.0)
        heaped = np.cumsum(ERB_WEIGHT * inside)
        step = np.where(heaped < 0.5 * heaped[-1], -3.0, 3.0)
        assert targets.distance_db(spectrum_of(step), FLAT) == pytest.approx(3.0, abs=0.35)
        outside = np.where(inside, 0.0, 40.0)
        distance = targets.distance_db(spectrum_of(outside), target_of(erb_smooth(outside)))
        assert distance == pytest.approx(0.0, abs=1e-9)

    def test_bands_without_energy_do_not_count(self) -> None:
        confidence = np.where(GRID_HZ < 4000.0, 1.0, 0.0)
        level_db = np.where(GRID_HZ < 4000.0, 0.0, -80.0)
        assert targets.distance_db(spectrum_of(level_db, confidence), FLAT) < 0.01
        assert targets.distance_db(spectrum_of(level_db, 0.0 * ONES), FLAT) == 0.0


class TestDesiredChange:
    def test_points_from_the_track_to_the_target(self) -> None:
        desired_db, weight = targets.desired_change(FALLING, FLAT)
        inside = (GRID_HZ >= 60.0) & (GRID_HZ <= 12000.0)
        assert np.polyfit(OCTAVE[inside], desired_db[inside], 1)[0] == pytest.approx(3.0, abs=0.5)
        after = targets.distance_db(FALLING, FLAT, desired_db)
        assert after < 0.1 * targets.distance_db(FALLING, FLAT)
        assert weight.min() > 0.0

    def test_nothing_to_do_on_the_target(self) -> None:
        track = spectrum_of(4.0 * np.sin(OCTAVE))
        desired_db, _ = targets.desired_change(track, target_of(smoothed_db(track)))
        assert np.abs(desired_db).max() < 1e-6

    def test_never_more_than_12_db_and_nothing_outside_the_range(self) -> None:
        desired_db, weight = targets.desired_change(spectrum_of(-12.0 * OCTAVE), FLAT)
        assert np.abs(desired_db).max() == pytest.approx(12.0)
        outside = (GRID_HZ < 30.0) | (GRID_HZ > 16000.0)
        assert (desired_db[outside] == 0.0).all()
        assert (weight[outside] < 0.5 * ERB_WEIGHT[outside]).all()

    def test_nothing_is_asked_for_without_energy(self) -> None:
        confidence = np.where(GRID_HZ > 200.0, 1.0, 0.0)
        desired_db, weight = targets.desired_change(spectrum_of(-3.0 * OCTAVE, confidence), FLAT)
        assert (desired_db[confidence == 0.0] == 0.0).all()
        assert weight[confidence == 0.0].max() < 0.5 * weight.max()

    @given(small=st.floats(0.05, 1.0), spread=st.floats(2.0, 12.0))
    def test_natural_differences_are_asked_for_less(self, small: float, spread: float) -> None:
        bump = spectrum_of(small * np.exp(-(OCTAVE**2)))
        strict, _ = targets.desired_change(bump, target_of(0.0 * OCTAVE, spread_db=0.01))
        lenient, _ = targets.desired_change(bump, target_of(0.0 * OCTAVE, spread_db=spread))
        assert np.abs(lenient).max() < np.abs(strict).max()
        assert (lenient * strict >= -1e-12).all()


class TestAdapted:
    """What a class leaves open is the track's own."""

    @given(level=st.floats(-40.0, 40.0), tilt=st.floats(-6.0, 6.0))
    def test_it_lies_between_track_and_target_whatever_the_level(
        self, level: float, tilt: float
    ) -> None:
        target, track = target_of(tilt * OCTAVE, spread_db=3.0), spectrum_of(0.0 * OCTAVE + level)
        own = targets.adapted(target, track)
        share = own.curve_db / np.where(np.abs(target.curve_db) > 0.1, target.curve_db, np.inf)
        expected = targets.FAULT_DB**2 / (targets.FAULT_DB**2 + (targets.UNSEEN * 3.0) ** 2)
        inside = (np.abs(target.curve_db) > 0.1) & (GRID_HZ >= 30.0) & (GRID_HZ <= 16000.0)
        assert np.abs(share[inside] - expected).max(initial=0.0) < 0.02
        assert own.name == target.name

    def test_bands_in_which_the_class_differs_are_left_to_the_track(self) -> None:
        spread_db = np.where(GRID_HZ < 200.0, 15.0, 1.0)
        target = Target(0.0 * OCTAVE, spread_db, ONES, "test", "bass of many tunings")
        track = spectrum_of(6.0 * np.exp(-(((OCTAVE + 4.0) / 0.7) ** 2)))  # its notes, at 62 Hz
        asked = {
            name: np.abs(targets.desired_change(track, one, 0.0)[0])[GRID_HZ < 200.0].max()
            for name, one in (("mean", target), ("own", targets.adapted(target, track)))
        }
        assert asked["mean"] > 2.5
        assert asked["own"] < 0.5

    def test_without_spread_the_target_is_followed(self) -> None:
        target = target_of(-2.0 * OCTAVE, spread_db=1e-3)
        own = targets.adapted(target, FALLING)
        inside = (GRID_HZ >= 60.0) & (GRID_HZ <= 12000.0)
        assert np.polyfit(OCTAVE[inside], own.curve_db[inside], 1)[0] == pytest.approx(
            -2.0, abs=0.02
        )

    def test_silent_lows_are_not_lifted(self) -> None:
        """Vocals and mallets were given 5 dB below their lowest note, where there is only rumble."""
        quiet = np.where(GRID_HZ < 160.0, -40.0, 0.0) - 3.0 * np.abs(OCTAVE)
        confidence = np.where(GRID_HZ < 160.0, 0.1, 1.0)
        track = spectrum_of(quiet, confidence)
        for name in ("vocals_female", "percussion"):
            own = targets.adapted(targets.for_class(name), track)
            desired_db, weight = targets.desired_change(track, own, 0.0)
            eq = matching.match(GRID_HZ, desired_db, weight=weight, limits=evaluate_autoeq.LIMITS)
            assert eq.response_db(GRID_HZ, 48000.0)[GRID_HZ < 100.0].max() < 2.5


class TestAveraging:
    def test_level_and_order_are_immaterial(self) -> None:
        rng = np.random.default_rng(3)
        shapes = [rng.normal(0.0, 2.0, GRID_HZ.size) - 3.0 * OCTAVE for _ in range(4)]
        plain = targets.from_spectra([spectrum_of(s) for s in shapes], name="t", provenance="")
        moved = [spectrum_of(s + 7.0 * i) for i, s in enumerate(shapes)]
        other = targets.from_spectra(moved[::-1], name="t", provenance="")
        assert np.abs(plain.curve_db - other.curve_db).max() < 0.05

    def test_a_source_of_many_clips_does_not_rule(self) -> None:
        many, one = [spectrum_of(0.0 * OCTAVE)] * 16, [spectrum_of(-2.0 * OCTAVE)] * 1
        target = targets.from_spectra(
            [*many, *one], name="t", provenance="", groups=["library"] * 16 + ["song"]
        )
        slope = np.polyfit(OCTAVE, target.curve_db, 1)[0]
        # Weights 4 : 1 rather than 16 : 1.
        assert slope == pytest.approx(-0.4, abs=0.1)

    def test_an_outlying_source_pulls_by_6_db_at_most(self) -> None:
        odd = 40.0 * np.exp(-((OCTAVE / 0.5) ** 2))
        tracks = [spectrum_of(0.0 * OCTAVE)] * 4 + [spectrum_of(odd)]
        target = targets.from_spectra(tracks, name="t", provenance="")
        assert np.ptp(target.curve_db) < 6.0 / 5 + 1.0

    def test_spread_is_the_standard_deviation(self) -> None:
        tracks = [spectrum_of(slope * OCTAVE) for slope in (-2.0, 2.0)]
        target = targets.from_spectra(tracks, name="t", provenance="")
        at_8k = int(np.argmin(np.abs(GRID_HZ - 8000.0)))
        assert target.spread_db[at_8k] == pytest.approx(2.0 * 3.0, rel=0.3)

    def test_bands_nobody_has_are_unsure_and_take_no_part(self) -> None:
        confidence = np.where(GRID_HZ < 5000.0, 1.0, 0.0)
        level_db = np.where(GRID_HZ < 5000.0, 0.0, -90.0)
        target = targets.from_spectra([spectrum_of(level_db, confidence)], name="t", provenance="")
        assert (target.confidence[GRID_HZ > 5000.0] == 0.0).all()
        assert np.abs(target.curve_db).max() < 0.01

    def test_nothing_to_average(self) -> None:
        with pytest.raises(TargetError, match="no spectra"):
            targets.from_spectra([], name="t", provenance="")


class TestBlend:
    def test_one_part_is_itself(self) -> None:
        kick = targets.for_class("kick")
        same = targets.blend([(kick, 3.0)])
        assert np.abs(same.curve_db - kick.curve_db).max() < 1e-6
        assert np.abs(same.spread_db - kick.spread_db).max() < 1e-6

    def test_half_way_between_two_with_the_disagreement_in_the_spread(self) -> None:
        up, down = target_of(2.0 * OCTAVE), target_of(-2.0 * OCTAVE)
        middle = targets.blend([(up, 1.0), (down, 1.0)])
        assert np.abs(middle.curve_db).max() < 0.01
        expected = np.hypot(1.0, up.curve_db - middle.curve_db)
        assert np.abs(middle.spread_db - expected).max() < 0.01

    @pytest.mark.parametrize("weights", [(0.0, 0.0), (-1.0, 2.0), (float("nan"), 1.0)])
    def test_bad_weights(self, weights: tuple[float, float]) -> None:
        with pytest.raises(TargetError, match="blend weights"):
            targets.blend([(FLAT, weight) for weight in weights])

    def test_a_sure_guess_counts_alone_and_a_doubtful_one_is_blended(self) -> None:
        rest = [Guess(label, 0.1 / 20) for label in CLASSES if label not in ("kick", "toms")]
        sure = targets.for_guesses([Guess("kick", 0.7), Guess("toms", 0.2), *rest])
        assert sure.name == "kick"
        unsure = targets.for_guesses([Guess("kick", 0.45), Guess("toms", 0.45), *rest])
        kick, toms = targets.for_class("kick"), targets.for_class("toms")
        expected = targets.blend([(kick, 1.0), (toms, 1.0)])
        assert np.abs(unsure.curve_db - expected.curve_db).max() < 1e-6
        even = targets.for_guesses([Guess(label, 1 / 22) for label in CLASSES])
        assert np.abs(even.curve_db - targets.neutral().curve_db).max() < 0.05


class TestFiles:
    def test_round_trip(self, tmp_path: Path) -> None:
        target = targets.for_class("piano")
        path = tmp_path / "mine.yaml"
        path.write_text(target_files.dumps(target, {"clips": 3}), encoding="utf-8")
        again = target_files.load(path)
        assert (again.name, again.provenance) == (target.name, target.provenance)
        for field in ("curve_db", "spread_db", "confidence"):
            assert np.abs(getattr(again, field) - getattr(target, field)).max() < 0.011

    def test_own_frequencies_are_read_onto_the_grid(self, tmp_path: Path) -> None:
        path = tmp_path / "coarse.yaml"
        path.write_text(
            "reatone: 1\nkind: target\nname: tilt\n"
            "curve: {freq_hz: [100, 10000], level_db: [6, -6], spread_db: [2, 2],"
            " confidence: [1, 1]}\n",
            encoding="utf-8",
        )
        target = target_files.load(path)
        inside = (GRID_HZ >= 100.0) & (GRID_HZ <= 10000.0)
        slope = np.polyfit(OCTAVE[inside], target.curve_db[inside], 1)[0]
        assert slope == pytest.approx(-12.0 / np.log2(100.0))
        assert (target.confidence[~inside] == 0.0).all()

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("[1, 2", "not YAML"),
            ("just words", "the file must be a mapping"),
            ("reatone: 2\nkind: target\nname: x", "reatone must be 1"),
            ("reatone: 1\nkind: eq\nname: x", "kind must be target"),
            ("reatone: 1\nkind: target\nname: x", "curve must be a mapping"),
            ("reatone: 1\nkind: target\nname: 7", "name must be"),
            (
                "reatone: 1\nkind: target\nname: x\ncurve: {freq_hz: [1, yes]}",
                "curve.freq_hz must hold numbers only",
            ),
            (
                "reatone: 1\nkind: target\nname: x\n"
                "curve: {freq_hz: [2, 1], level_db: [0, 0], spread_db: [1, 1], confidence: [1, 1]}",
                "must rise",
            ),
            (
                "reatone: 1\nkind: target\nname: x\n"
                "curve: {freq_hz: [1, 2], level_db: [0, 0], spread_db: [0, 1], confidence: [1, 1]}",
                "spread_db must be above 0",
            ),
            (
                "reatone: 1\nkind: target\nname: x\ncurve: {freq_hz: [1, 2], level_db: [0, .nan],"
                " spread_db: [1, 1], confidence: [1, 1]}",
                "curve.level_db must hold finite",
            ),
            (
                "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n"
                "c: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nreatone: 1\nkind: target\nname: bomb\n"
                "curve: {freq_hz: *c}",
                "curve.freq_hz must hold numbers only",
            ),
        ],
    )
    def test_bad_files_are_named_with_the_field(
        self, tmp_path: Path, text: str, message: str
    ) -> None:
        path = tmp_path / "bad.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TargetError, match=message) as error:
            target_files.load(path)
        assert str(path) in str(error.value)

    def test_no_such_file(self, tmp_path: Path) -> None:
        with pytest.raises(TargetError, match="no such target file"):
            target_files.load(tmp_path / "absent.yaml")


class TestReferences:
    def test_a_track_is_on_its_own_target(self, data_dir: Path) -> None:
        clip = corpus.instruments(data_dir, "test")[0].path
        target = targets.from_files([clip])
        assert targets.distance_db(measure_file(clip), target) < 0.1
        assert clip.name in target.provenance

    def test_several_files_widen_the_spread(self, data_dir: Path) -> None:
        clips = [r.path for r in corpus.instruments(data_dir, "test")[:60:20]]
        alone, together = targets.from_files(clips[:1]), targets.from_files(clips)
        assert together.spread_db.mean() > alone.spread_db.mean()

    def test_no_file_and_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(TargetError, match="no reference file"):
            targets.from_files([])
        with pytest.raises(AudioError, match=r"absent\.wav"):
            targets.from_files([tmp_path / "absent.wav"])


def test_the_shipped_targets_come_from_the_build_script(data_dir: Path) -> None:
    recordings = corpus.instruments(data_dir, "train")
    target, source = build_targets.build("guitar_acoustic", recordings)
    shipped = targets.for_class("guitar_acoustic")
    assert np.abs(target.curve_db - shipped.curve_db).max() < 0.3
    assert np.abs(target.spread_db - shipped.spread_db).max() < 0.3
    assert source["split"] == "train"
    assert source["clips"] == sum(
        r.label == "guitar_acoustic" and r.performance and r.recorded for r in recordings
    )


@pytest.mark.data
def test_six_bands_of_6_db_bring_held_out_tracks_nearer(data_dir: Path) -> None:
    """The goal is a fall by 40 % for each track; on the whole test split the mean is above 60 %."""
    clips = corpus.spread_over(corpus.instruments(data_dir, "test"), 10)
    outcomes = [
        evaluate_autoeq.outcome(
            clip.path.stem, clip.label, spectrum, targets.for_guesses(classify_spectrum(spectrum))
        )
        for clip, spectrum in zip(clips, corpus.heard(clips), strict=True)
    ]
    assert max(outcome.bands for outcome in outcomes) <= 6
    assert min(outcome.reduction for outcome in outcomes) > 0.3
    assert np.mean([outcome.reduction for outcome in outcomes]) > 0.5
