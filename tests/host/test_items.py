from pathlib import Path

import numpy as np
import pytest

from bridge.host.fades import fade_in_gain, fade_out_gain
from bridge.host.items import ItemView, items_of
from bridge.host.project import loads
from tests.host.studio import item, track


def first_item(text: str, folder: Path = Path("/music")) -> ItemView:
    project = loads(f'<REAPER_PROJECT 0.1 "7.40" 0 0\n{track(1, text)}>\n'.encode())
    return items_of(project.tracks[0].node, folder)[0]


def test_numbers_of_an_item():
    view = first_item(
        item(
            "a.wav",
            "VOLPAN 0.5 -0.25 -2 -1",
            "SOFFS 0.75",
            "PLAYRATE 1.5 0 -2 -1 0 0.0025",
            "CHANMODE 3",
            "LOOP 1",
            "MUTE 1 0",
            "FADEIN 1 0.01 0 3 0 0.5 0",
            "FADEOUT 1 0.02 0.3 5 0 -0.5 0",
            position=1.25,
            length=2.5,
        )
    )
    take = view.active_take
    assert (view.position_s, view.length_s, view.volume) == (1.25, 2.5, 0.5)
    assert (view.loops, view.is_muted) == (True, True)
    assert (take.pan, take.volume, take.source_offset_s) == (-0.25, -2.0, 0.75)
    assert (take.play_rate, take.preserves_pitch, take.pitch_semitones) == (1.5, False, -2.0)
    assert take.channel_mode == 3
    assert (view.fade_in.length_s, view.fade_in.shape, view.fade_in.curvature) == (0.01, 3, 0.5)
    assert view.fade_out.length_s == 0.3, "an auto fade goes before the one set by hand"


def test_the_selected_take_plays_with_its_own_lines():
    text = item(
        source='<SOURCE WAVE\n        FILE "a.wav"\n      >\n'
        "      TAKE NULL\n      TAKE SEL\n      NAME second\n"
        "      TAKEVOLPAN 0.5 0.25 -1\n      SOFFS 2\n"
        '      <SOURCE FLAC\n        FILE "b.flac"\n      >'
    )
    view = first_item(text)
    assert [take.source.kind for take in view.takes] == ["WAVE", "EMPTY", "FLAC"]
    take = view.active_take
    assert (take.name, take.pan, take.volume, take.source_offset_s) == ("second", 0.5, 0.25, 2.0)
    assert take.source.path == Path("/music/b.flac")


def test_without_a_selected_take_the_first_plays():
    assert first_item(item()).active_take.name == "it"


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("Media/a b.wav", Path("/music/Media/a b.wav")),
        ("Media\\a.wav", Path("/music/Media/a.wav")),
        ("/abs/a.wav", Path("/abs/a.wav")),
    ],
)
def test_media_paths_start_at_the_project(reference, path):
    assert first_item(item(reference)).active_take.source.path == path


def test_a_section_names_its_part_of_the_inner_file():
    section = (
        "<SOURCE SECTION\n        LENGTH 1.5\n        STARTPOS 0.5\n        MODE 3\n"
        '        <SOURCE MP3\n          FILE "a.mp3" 1\n        >\n      >'
    )
    source = first_item(item(source=section)).active_take.source
    assert (source.kind, source.file) == ("MP3", "a.mp3")
    assert (source.start_s, source.length_s, source.reversed) == (0.5, 1.5, True)


def test_what_is_not_rendered_is_named():
    text = item(
        source='<SOURCE WAVE\n        FILE "a.wav"\n      >\n'
        "      <VOLENV\n        ACT 1 -1\n      >\n"
        "      <TAKEFX\n        BYPASS 0 0 0\n        <JS x\n        >\n      >"
    )
    take = first_item(text).active_take
    assert take.not_rendered == ("take envelopes", "take effects")


@pytest.mark.parametrize("shape", range(8))
@pytest.mark.parametrize("curvature", [-1.0, -0.3, 0.0, 0.6, 1.0])
def test_fades_rise_from_0_to_1_and_mirror(shape, curvature):
    x = np.linspace(0.0, 1.0, 101)
    rise = fade_in_gain(x, shape, curvature)
    assert rise[0] == pytest.approx(0.0, abs=1e-12)
    assert rise[-1] == pytest.approx(1.0, abs=1e-12)
    assert (np.diff(rise) > -1e-12).all()
    assert np.allclose(fade_out_gain(1.0 - x, shape, -curvature), rise)


def test_known_fade_values():
    half = np.array([0.5])
    assert fade_in_gain(half, 0, 0.0) == pytest.approx(0.5)
    assert fade_in_gain(half, 1, 0.0) == pytest.approx(0.75)
    assert fade_in_gain(half, 4, 1.0) == pytest.approx(0.0625)
    assert fade_in_gain(half, 5, 0.0) == pytest.approx(0.5)
    assert fade_in_gain(half, 7, 0.0) ** 2 == pytest.approx(0.5, abs=0.01)
