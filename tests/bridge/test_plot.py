"""Pictures: valid files, the same bytes for the same tracks, any track name."""

from __future__ import annotations

import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from bridge.errors import UsageError
from bridge.plot import TrackPlot, draw
from models.eq import Band, BandKind, Eq

FREQS_HZ = 1000.0 * 2.0 ** (np.arange(-68, 53) / 12.0)
BANDS = (
    Band(BandKind.HIGH_PASS, 45.0, bandwidth_oct=1.9),
    Band(BandKind.BELL, 320.0, -4.0, 1.4),
    Band(BandKind.HIGH_SHELF, 6800.0, 3.0, 1.2),
)


def panel(
    name: str = "Bass", label: str = "bass_guitar", bands: tuple[Band, ...] = BANDS
) -> TrackPlot:
    eq_db = Eq(bands).response_db(FREQS_HZ, 48000.0)
    target_db = -3.0 * np.log2(FREQS_HZ / 1000.0)
    before_db = target_db - 40.0 - eq_db
    spread_db = np.full_like(FREQS_HZ, 4.0)
    return TrackPlot(
        name,
        label,
        0.83,
        FREQS_HZ,
        before_db,
        target_db,
        spread_db,
        before_db + eq_db,
        eq_db,
        bands,
    )


def png_size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data[-8:-4] == b"IEND"
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def svg_texts(path: Path) -> list[str]:
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    return ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")]


@pytest.mark.parametrize("count", [1, 2, 5, 13])
def test_png_grows_with_the_tracks_and_stays_150_dpi(tmp_path: Path, count: int) -> None:
    path = tmp_path / "a.PNG"
    draw([panel()] * count, path)
    width, height = png_size(path)
    columns = {1: 1, 2: 2}.get(count, 3)
    assert width == {1: 1275, 2: 1605, 3: 2385}[columns]
    assert height > 500 * -(-count // columns)


def test_svg_holds_names_guess_and_numbers_as_text(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    draw([panel(), panel("Lead Vox", "vocals")], path, heading="Song.rpp")
    texts = [text.strip() for text in svg_texts(path)]
    for expected in ("Song.rpp", "Bass", "— bass guitar (83 %)", "Lead Vox", "200", "10k"):
        assert expected in texts
    assert "bell 320 Hz −4.0 dB, 1.40 oct" in texts
    assert texts.count("before") == 1


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_the_same_tracks_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        draw([panel(), panel("Drums")], tmp_path / f"{name}{suffix}")
    first, second = ((tmp_path / f"{name}{suffix}").read_bytes() for name in ("a", "b"))
    assert first == second


NAMES = ["$x", "$5_a$", "a_b^2 \\frac", "%s {}", "🎸 Gtr", "ドラム", "בס", "<b> & \"'", "W" * 300]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_track_may_be_called_anything(tmp_path: Path, name: str, suffix: str) -> None:
    """A `$` starts a formula in matplotlib; a character unknown to the font warns."""
    path = tmp_path / f"a{suffix}"
    draw([panel(name, label=name)], path, heading=name)
    if suffix == ".png":
        assert png_size(path)[0] == 1275
    else:
        texts = svg_texts(path)
        wanted = name if len(name) < 100 else "…"
        assert sum(wanted in text for text in texts) >= 2


@pytest.mark.parametrize(
    ("name", "shown"),
    [("", "Unnamed track"), (" \n", "Unnamed track"), ("a\x00b\nc\udc80", "a b c")],
)
def test_what_cannot_be_shown_is_left_out(tmp_path: Path, name: str, shown: str) -> None:
    draw([panel(name)], tmp_path / "a.svg")
    assert shown in svg_texts(tmp_path / "a.svg")


def test_nothing_recognised_and_nothing_written_is_drawn_too(tmp_path: Path) -> None:
    silent = np.full_like(FREQS_HZ, -np.inf)
    empty = replace(panel("Quiet", bands=()), before_db=silent, after_db=silent)
    draw([replace(empty, heard_label="", confidence=None)], tmp_path / "a.svg")
    assert not any("%" in text for text in svg_texts(tmp_path / "a.svg"))


def test_many_and_extreme_bands(tmp_path: Path) -> None:
    bands = tuple(Band(kind, hz, -60.0) for kind in BandKind for hz in (0.0, 1000.0, 30000.0))
    draw([panel(bands=(*bands, replace(bands[0], enabled=False)))], tmp_path / "a.svg")
    assert "and 23 more" in svg_texts(tmp_path / "a.svg")


@pytest.mark.parametrize("name", ["a.jpg", "a.pdf", "a", "a.png.gz"])
def test_another_format_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"PNG or SVG.*\.png or \.svg"):
        draw([panel()], tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_no_track_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no track"):
        draw([], tmp_path / "a.png")


def test_curves_of_another_length_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="after_db"):
        draw([replace(panel(), after_db=np.zeros(3))], tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent.a\.png"):
        draw([panel()], tmp_path / "absent" / "a.png")


def test_the_callers_settings_are_neither_used_nor_changed(tmp_path: Path) -> None:
    import matplotlib as mpl

    draw([panel()], tmp_path / "a.svg")
    with mpl.rc_context({"font.size": 30.0, "text.parse_math": True, "axes.grid": True}):
        draw([panel()], tmp_path / "b.svg")
        assert mpl.rcParams["font.size"] == 30.0
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_importing_the_module_does_not_import_matplotlib() -> None:
    code = "import sys, bridge.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
