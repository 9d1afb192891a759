"""Presets: exact round trips, messages that point at the mistake, hostile files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bridge import presets
from bridge.errors import CannotWrite, PresetError
from bridge.presets import EqPreset
from models.eq import Band, BandKind, Eq

EXAMPLE = """\
reatone: 1
kind: eq
name: Vocal, warmer
bands:
  - {kind: high_pass, freq_hz: 80.0, bandwidth_oct: 1.9}
  - {kind: bell, freq_hz: 320.0, gain_db: -2.5, bandwidth_oct: 1.2}
output_gain_db: 0.4
source: {class: vocals, confidence: 0.93, words: warmer, amount: 0.6}
"""
EXAMPLE_PRESET = EqPreset(
    "Vocal, warmer",
    Eq(
        (
            Band(BandKind.HIGH_PASS, 80.0, bandwidth_oct=1.9),
            Band(BandKind.BELL, 320.0, -2.5, 1.2),
        ),
        0.4,
    ),
    {"class": "vocals", "confidence": 0.93, "words": "warmer", "amount": 0.6},
)

finite = st.floats(allow_nan=False, allow_infinity=False)
traps = [
    *("1e3", "010", "080", "0x1F", "yes", "null", "~", "2026-11-21", "12:30", ".nan", "-.inf"),
    *("<<", "=", "{a:1}", "- a", "a: b", "#no", "# no", "'", '"', " x ", "\t", "\r\n"),
    *("\x85", "\u2028", "\ufeff", "\udc80"),
]
texts = st.text(max_size=20) | st.sampled_from(traps)
data = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
gains = st.floats(max_value=60.0, allow_nan=False)
bands = st.builds(
    Band,
    st.sampled_from(BandKind),
    st.floats(0.0, 1e5),
    gains,
    st.floats(0.0, 100.0),
    st.booleans(),
)
extras = st.dictionaries(texts.map("x{}".format), data, max_size=2)


@st.composite
def preset_values(draw: st.DrawFn) -> EqPreset:
    eq = Eq(tuple(draw(st.lists(bands, max_size=4))), draw(gains))
    band_extra = tuple(draw(extras) for _ in eq.bands)
    source = draw(st.dictionaries(texts, data, max_size=3))
    return EqPreset(draw(texts), eq, source, draw(extras), band_extra)


def refused(text: str) -> PresetError:
    with pytest.raises(PresetError) as caught:
        presets.loads(text, "my.yaml")
    assert caught.value.remedy
    return caught.value


# --- round trip ---


def test_the_example_of_the_format_reads_as_meant() -> None:
    assert presets.loads(EXAMPLE) == EXAMPLE_PRESET


def test_the_example_is_written_letter_by_letter() -> None:
    assert presets.dumps(EXAMPLE_PRESET) == EXAMPLE


@given(preset_values())
def test_round_trip_is_exact(preset: EqPreset) -> None:
    text = presets.dumps(preset)
    again = presets.loads(text)
    assert again == preset
    assert presets.dumps(again) == text


@given(preset_values())
def test_any_yaml_reader_finds_the_same_eq(preset: EqPreset) -> None:
    found = yaml.safe_load(presets.dumps(preset))
    assert [band["freq_hz"] for band in found["bands"]] == [b.freq_hz for b in preset.eq.bands]
    assert found["output_gain_db"] == preset.eq.output_gain_db
    assert found["name"] == preset.name


def test_fields_of_a_later_version_are_kept_at_every_level() -> None:
    text = EXAMPLE.replace("1.9}", "1.9, colour: red}") + "mood: {dark: [1, 2.5, null]}\n"
    preset = presets.loads(text)
    assert preset.extra == {"mood": {"dark": [1, 2.5, None]}}
    assert preset.band_extra == ({"colour": "red"}, {})
    assert "1.9, colour: red}" in presets.dumps(preset)
    assert presets.loads(presets.dumps(preset)) == preset


def test_what_may_be_left_out_has_a_plain_meaning() -> None:
    text = "reatone: 1\nkind: eq\nname: A\nbands:\n- {kind: notch, freq_hz: 50}\n"
    assert presets.loads(text) == EqPreset("A", Eq((Band(BandKind.NOTCH, 50.0),)))


@pytest.mark.parametrize(
    ("written", "value"), [("1e3", 1000.0), ("0100", 100.0), ("+7", 7.0), (".5", 0.5), ("5.", 5.0)]
)
def test_numbers_mean_what_a_person_means(written: str, value: float) -> None:
    """YAML 1.1 reads 1e3 as text and 0100 as 64."""
    assert presets.loads(EXAMPLE.replace("320.0", written)).eq.bands[1].freq_hz == value


def test_a_gain_may_be_minus_infinity_as_in_reaeq() -> None:
    preset = presets.loads(EXAMPLE.replace("-2.5", "-.inf"))
    assert preset.eq.bands[1].gain_db == -math.inf
    assert presets.loads(presets.dumps(preset)) == preset


# --- messages ---


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "word"),
    [
        ("320.0", "loud", 6, "bands[2].freq_hz", "'loud'"),
        ("320.0", "'320'", 6, "bands[2].freq_hz", "number"),
        ("320.0", "true", 6, "bands[2].freq_hz", "true"),
        ("320.0", "", 6, "bands[2].freq_hz", "nothing"),
        ("320.0", "[1]", 6, "bands[2].freq_hz", "a list"),
        ("320.0", "{a: 1}", 6, "bands[2].freq_hz", "fields"),
        ("320.0", "-1.0", 6, "bands[2].freq_hz", "range"),
        ("320.0", "-.inf", 6, "bands[2].freq_hz", "range"),
        ("320.0", "1e999", 6, "bands[2].freq_hz", "range"),
        ("320.0", "9" * 9000, 6, "bands[2].freq_hz", "range"),
        ("320.0", "12:30", 6, "bands[2].freq_hz", "number"),
        ("-2.5", ".nan", 6, "bands[2].gain_db", "nan"),
        ("-2.5", ".inf", 6, "bands[2].gain_db", "range"),
        ("-2.5", "7000", 6, "bands[2].gain_db", "range"),
        ("1.2}", "-0.1}", 6, "bands[2].bandwidth_oct", "range"),
        ("1.2}", "1.2, enabled: yes}", 6, "bands[2].enabled", "true or false"),
        ("1.2}", "1.2, freq_hz: 1.0}", 6, "bands[2].freq_hz", "twice"),
        ("gain_db: -2.5, ", "", 6, "bands[2].gain_db", "missing"),
        ("freq_hz: 80.0, ", "", 5, "bands[1].freq_hz", "missing"),
        ("kind: bell", "type: bell", 6, "bands[2].kind", "missing"),
        ("kind: bell", "kind: bel", 6, "bands[2].kind", "'bel'"),
        ("kind: bell", "kind: [bell]", 6, "bands[2].kind", "a list"),
        ("gain_db: 0.4", "gain_db: x", 7, "output_gain_db", "'x'"),
        ("0.93", ".nan", 8, "source.confidence", "nan"),
        ("source: {class", "source: {1: 2, class", 8, "source", "names must be text"),
        ("source: {class", "source: {amount: 1, class", 8, "source.amount", "twice"),
        ("name: Vocal, warmer", "name: 12", 3, "name", "12"),
        ("name: Vocal, warmer", "title: A", 1, "name", "missing"),
        ("name: Vocal, warmer", "name: A\nname: B", 4, "name", "twice"),
        ("kind: eq", "kind: sound", 2, "kind", "'sound'"),
        ("kind: eq", "kind: target", 2, "kind", "holds target, not an EQ"),
        ("kind: eq\n", "", 1, "kind", "missing"),
        ("reatone: 1", "reatone: 2", 1, "reatone", "version 2 is unknown"),
        ("reatone: 1", "reatone: true", 1, "reatone", "true"),
        ("reatone: 1", "reatone: '1'", 1, "reatone", "'1'"),
        ("reatone: 1\n", "", 1, "reatone", "missing"),
        ("bands:\n", "bands: none\nrest:\n", 4, "bands", "must be a list"),
        ("bands:\n", "rest:\n", 1, "bands", "missing"),
        ("bands:\n", "bands:\n  - bell\n", 5, "bands[1]", "'bell'"),
        ("  - {kind: bell", "\t- {kind: bell", 6, "", "tab"),
        ("1.2}", "1.2", 7, "", "expected"),
        ("name: Vocal", "name: : Vocal", 3, "", "not allowed here"),
        ("name: Vocal", "name: !!python/name:os.system Vocal", 3, "", "tags"),
        ("name: Vocal", "name: !x Vocal", 3, "", "tags"),
        ("name: Vocal", "name: &a Vocal", 3, "", "anchors"),
        ("warmer, amount", "*a , amount", 8, "", "anchors"),
        ("name: Vocal", "---\nname: Vocal", 3, "", "another document"),
        ("name: Vocal", "name: \x00Vocal", 3, "", "characters"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_field(
    old: str, new: str, line: int, field: str, word: str
) -> None:
    assert old in EXAMPLE
    error = refused(EXAMPLE.replace(old, new, 1))
    assert (error.file, error.line, error.field) == ("my.yaml", line, field)
    assert word in error.message
    place = f"my.yaml:{line}:{field}" if field else f"my.yaml:{line}"
    assert str(error).startswith(f"{place}: ")
    assert len(str(error)) < 300


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "just words", "- 1\n- 2\n", "42"])
def test_other_documents_are_refused(text: str) -> None:
    assert refused(text).file == "my.yaml"


def test_a_billion_laughs_is_refused_before_it_is_built() -> None:
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    error = refused("\n".join(["a0: &a0 lol", *rows]))
    assert (error.line, "anchors" in error.message) == (1, True)


@pytest.mark.parametrize("bomb", ["[" * 50_000, "{a: " * 50_000, "- " * 50_000])
def test_deep_nesting_is_refused(bomb: str) -> None:
    assert "nested deeper" in refused(f"x:\n {bomb}").message


@given(st.integers(1, 20))
def test_the_nesting_that_can_be_written_can_be_read(depth: int) -> None:
    """The limit of the reader and that of the value must be the same."""
    value: object = 1
    for _ in range(depth):
        value = [value]
    for place in ("source", "extra", "band_extra"):
        mapping = {"deep": value}
        kwargs = {place: (mapping,) if place == "band_extra" else mapping}
        try:
            preset = EqPreset("A", Eq((Band(BandKind.NOTCH, 50.0),)), **kwargs)
        except ValueError:
            assert depth > 10
        else:
            assert presets.loads(presets.dumps(preset)) == preset


def test_source_nested_to_the_limit_of_the_reader_is_accepted() -> None:
    deep = "[" * 14 + "]" * 14
    assert presets.loads(EXAMPLE.replace("warmer, amount", f"{deep}, amount")).source["words"]
    assert "nested" in refused(EXAMPLE.replace("warmer, amount", f"[{deep}], amount")).message


# --- values ---


@pytest.mark.parametrize(
    "change",
    [
        {"eq": Eq((), 61.0)},
        {"eq": Eq((Band(BandKind.BELL, 2e5),))},
        {"eq": Eq((Band(BandKind.BELL, 1e3, 100.0),))},
        {"source": {"x": math.nan}},
        {"source": {"x": object()}},
        {"source": {1: 2}},
        {"source": {"x": 10**400}},
        {"extra": {"bands": []}},
        {"band_extra": ({"gain_db": 1},)},
        {"band_extra": ({}, {}, {})},
    ],
)
def test_a_preset_that_could_not_be_read_back_cannot_be_made(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        EqPreset(**{"name": "A", "eq": EXAMPLE_PRESET.eq} | change)


# --- files ---


def test_saved_presets_are_loaded_back(tmp_path: Path) -> None:
    path = tmp_path / "Ünï.yaml"
    presets.save(path, EXAMPLE_PRESET)
    assert presets.load(path) == EXAMPLE_PRESET
    assert [p.name for p in tmp_path.iterdir()] == ["Ünï.yaml"]


def test_an_existing_file_is_kept_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("mine")
    with pytest.raises(PresetError, match="already"):
        presets.save(path, EXAMPLE_PRESET)
    assert path.read_text() == "mine"
    presets.save(path, EXAMPLE_PRESET, overwrite=True)
    assert presets.load(path) == EXAMPLE_PRESET


def test_a_folder_is_made_and_one_that_cannot_be_is_named(tmp_path: Path) -> None:
    presets.save(tmp_path / "new" / "a.yaml", EXAMPLE_PRESET)
    assert presets.load(tmp_path / "new" / "a.yaml") == EXAMPLE_PRESET
    (tmp_path / "file").write_text("x")
    with pytest.raises(CannotWrite, match=r"file.a\.yaml"):
        presets.save(tmp_path / "file" / "a.yaml", EXAMPLE_PRESET)


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        (b"name: \xff", 1, "UTF-8"),
        (b"a: 1\nb: 2\n\xe9", 3, "UTF-8"),
        (EXAMPLE.encode("utf-16"), 1, "UTF-8"),
        (b"RIFF\x00\x00\x00\x00WAVE", 1, "characters"),
        (b"a" * (presets.MAX_BYTES + 1), 0, "larger"),
        (b"", 0, "empty"),
    ],
)
def test_a_file_that_is_no_preset_is_refused(
    tmp_path: Path, content: bytes, line: int, word: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(content)
    with pytest.raises(PresetError, match=word) as caught:
        presets.load(path)
    assert (caught.value.file, caught.value.line) == (str(path), line)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(EXAMPLE.replace("\n", "\r\n").encode("utf-8-sig"))
    assert presets.load(path) == EXAMPLE_PRESET


@pytest.mark.parametrize("name", ["absent.yaml", ".", "nul\0.yaml"])
def test_a_path_without_a_preset_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(PresetError) as caught:
        presets.load(tmp_path / name)
    assert caught.value.file == str(tmp_path / name)


def test_listing_shows_every_kind_and_every_problem(tmp_path: Path) -> None:
    presets.save(tmp_path / "b.yaml", EXAMPLE_PRESET)
    (tmp_path / "a.yml").write_text("reatone: 1\nkind: target\nname: bass\ncurve_db: [1.0]\n")
    (tmp_path / "c.yaml").write_text("reatone: 1\nkind: eq\nname: Broken\nbands: 3\n")
    (tmp_path / "d.yaml").write_text("[")
    (tmp_path / "notes.txt").write_text("not a preset")
    found = presets.list_presets([tmp_path, tmp_path / "absent"])
    assert [(entry.name, entry.kind, entry.problem is None) for entry in found] == [
        ("bass", "target", True),
        ("Vocal, warmer", "eq", True),
        ("Broken", "eq", False),
        ("d", "unknown", False),
    ]
    assert "c.yaml:4:bands" in str(found[2].problem)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Vocal, warmer", "vocal-warmer"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\temp\\x*?.yaml", "c-temp-x-yaml"),
        ("lead_vox 2", "lead-vox-2"),
        ("Größe", "größe"),
        ("ドラム", "ドラム"),
        ("CON", "con-preset"),
        ("🎸", "preset"),
        ("", "preset"),
        (".", "preset"),
    ],
)
def test_slug(name: str, stem: str) -> None:
    assert presets.slug(name) == stem


@given(st.text())
def test_a_slug_is_always_a_safe_file_name(name: str) -> None:
    stem = presets.slug(name)
    assert 0 < len(stem.encode()) <= 130
    assert not set(stem) & set('/\\:*?"<>|. \0\n')
    assert presets.slug(stem) == stem


def test_two_tracks_of_one_name_get_two_files(tmp_path: Path) -> None:
    other = EqPreset("vocal warmer", Eq((), 1.0))
    saved = presets.save_all(tmp_path, [EXAMPLE_PRESET, other])
    assert [path.name for path in saved] == ["vocal-warmer.yaml", "vocal-warmer-2.yaml"]
    assert [presets.load(path) for path in saved] == [EXAMPLE_PRESET, other]


def test_saving_several_writes_all_or_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("mine")
    several = [EqPreset("a", Eq()), EqPreset("b", Eq())]
    with pytest.raises(PresetError, match=r"b\.yaml"):
        presets.save_all(tmp_path, several)
    assert [path.name for path in tmp_path.iterdir()] == ["b.yaml"]
    assert len(presets.save_all(tmp_path, several, overwrite=True)) == 2


def test_presets_are_looked_for_in_the_installation_and_with_the_user() -> None:
    shipped, users = presets.default_folders()
    assert shipped.is_dir()
    assert "reatone" in users.parts
