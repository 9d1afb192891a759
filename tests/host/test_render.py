"""Physics of the embedded render: what goes in comes out where and as loud as the project says."""

import numpy as np
import pytest
import soundfile

from bridge.errors import RenderFailed
from bridge.reaper import reaeq
from models.eq import Band, BandKind, Eq
from tests.host.studio import (
    FLOAT_WAV,
    MASTER_MIX,
    POST_FADER_STEMS,
    RATE,
    item,
    noise,
    prepare,
    render,
    studio,
    track,
    write,
)

BELL = Eq((Band(BandKind.BELL, 1000.0, 6.0, 1.0), Band(BandKind.LOW_SHELF, 150.0, -4.0, 1.0)), -1.5)


def add_eq(host, eq, index=0):
    api = host.api
    pointer = api.RPR_GetTrack(0, index)
    fx = api.RPR_TrackFX_AddByName(pointer, "ReaEQ (Cockos)", False, -1)
    view = host.track_at(pointer).fx_chain.fx[fx]
    view.state = reaeq.encode(reaeq.from_eq(eq))
    return pointer, fx


def test_audio_at_the_projects_rate_passes_bit_exactly(tmp_path):
    x = write(tmp_path, noise())
    (y,) = render(studio(tmp_path, track(1, item())))
    assert np.array_equal(y, x)


def test_a_heard_reaeq_has_its_exact_response(tmp_path):
    impulse = np.zeros((2, RATE), dtype=np.float32)
    impulse[:, 0] = 1.0
    write(tmp_path, impulse)
    host = studio(tmp_path, track(1, item()))
    add_eq(host, BELL)
    (y,) = render(host)
    freqs_hz = np.arange(20.0, 22000.0)
    measured_db = 20.0 * np.log10(np.abs(np.fft.rfft(y[0])[20:22000]))
    assert np.abs(measured_db - BELL.response_db(freqs_hz, RATE)).max() < 1e-4


def test_chained_eqs_multiply_and_bypass_offline_and_fx_off_are_silent_switches(tmp_path):
    x = write(tmp_path, noise())
    host = studio(tmp_path, track(1, item()))
    pointer, _ = add_eq(host, BELL)
    add_eq(host, BELL)
    twice = BELL.apply(BELL.apply(x, RATE), RATE)
    assert np.allclose(render(host)[0], twice, atol=1e-6)
    host.api.RPR_TrackFX_SetEnabled(pointer, 0, False)
    assert np.allclose(render(host)[0], BELL.apply(x, RATE), atol=1e-6)
    host.api.RPR_TrackFX_SetOffline(pointer, 1, True)
    assert np.array_equal(render(host)[0], x)
    host.api.RPR_TrackFX_SetOffline(pointer, 1, False)
    host.api.RPR_SetMediaTrackInfo_Value(pointer, "I_FXEN", 0.0)
    assert np.array_equal(render(host)[0], x)


def test_an_item_starts_and_ends_on_its_samples(tmp_path):
    x = write(tmp_path, noise())
    host = studio(tmp_path, track(1, item("a.wav", "SOFFS 0.25", position=0.5, length=0.5)))
    (y,) = render(host)
    assert y.shape[1] == RATE
    assert not y[:, : RATE // 2].any()
    assert np.array_equal(y[:, RATE // 2 :], x[:, RATE // 4 : 3 * RATE // 4])


def test_custom_bounds_cut_the_same_audio(tmp_path):
    x = write(tmp_path, noise(2 * RATE))
    host = studio(tmp_path, track(1, item(length=2.0)))
    (y,) = render(host, RENDER_BOUNDSFLAG=0, RENDER_STARTPOS=0.75, RENDER_ENDPOS=1.5)
    assert np.array_equal(y, x[:, 36000:72000])


def test_the_time_selection_and_a_tail_bound_a_render(tmp_path):
    x = write(tmp_path, noise(2 * RATE))
    host = studio(tmp_path, track(1, item(length=2.0)), extra="  SELECTION 0.5 1\n")
    (y,) = render(host, RENDER_BOUNDSFLAG=2, RENDER_TAILFLAG=4, RENDER_TAILMS=250)
    assert np.array_equal(y, x[:, 24000:60000])


def test_items_overlap_in_sum_and_muted_items_are_silent(tmp_path):
    x = write(tmp_path, noise())
    parts = [item(), item("a.wav", "VOLPAN 0.5 0 -1 -1"), item("a.wav", "MUTE 1 0")]
    (y,) = render(studio(tmp_path, track(1, *parts)))
    assert np.allclose(y, 0.5 * x, atol=1e-7), "item volume 0.5, take polarity inverted"


def test_a_looped_item_repeats_and_an_unlooped_one_ends(tmp_path):
    x = write(tmp_path, noise(RATE // 2))
    looped = item("a.wav", "LOOP 1", "SOFFS 0.25", length=1.25)
    ended = item("a.wav", "LOOP 0", "SOFFS 0.25", length=1.25)
    y, z = render(studio(tmp_path, track(1, looped), track(2, ended)))
    assert np.array_equal(y[:, :12000], x[:, 12000:])
    assert np.array_equal(y[:, 12000:36000], x)
    assert np.array_equal(y[:, 36000:60000], x)
    assert np.array_equal(z[:, :12000], x[:, 12000:])
    assert not z[:, 12000:].any()


def test_fades_scale_the_item(tmp_path):
    x = write(tmp_path, np.ones((2, RATE), dtype=np.float32))
    assert x.all()
    fades = ("FADEIN 0 0.5 0 0 0 0 0", "FADEOUT 1 0.25 0 1 0 0 0")
    (y,) = render(studio(tmp_path, track(1, item("a.wav", *fades))))
    n = np.arange(RATE)
    rise = np.minimum(n / 24000.0, 1.0)
    left = np.minimum((RATE - n) / 12000.0, 1.0)
    assert np.allclose(y[0], rise * left * (2.0 - left), atol=1e-6)


def test_mono_sounds_on_both_sides_and_channel_modes_pick(tmp_path):
    x = write(tmp_path, noise())
    mono = write(tmp_path, noise(channels=1), "m.wav")
    tracks = [track(1, item("m.wav"))]
    tracks += [track(2 + i, item("a.wav", f"CHANMODE {mode}")) for i, mode in enumerate((1, 2, 4))]
    stems = render(studio(tmp_path, *tracks))
    assert np.array_equal(stems[0], np.repeat(mono, 2, axis=0))
    assert np.array_equal(stems[1], x[::-1])
    assert np.allclose(stems[2], x.mean(axis=0), atol=1e-7)
    assert np.array_equal(stems[3], np.stack([x[1], x[1]]))


def test_take_pan_turns_the_other_side_down(tmp_path):
    x = write(tmp_path, noise())
    (y,) = render(studio(tmp_path, track(1, item("a.wav", "VOLPAN 1 0.25 1 -1"))))
    assert np.allclose(y, x * [[0.75], [1.0]], atol=1e-7)


@pytest.mark.parametrize(
    ("name", "kind", "subtype", "rate", "floor"),
    [
        ("a.flac", "FLAC", "PCM_24", RATE, 1e-9),
        ("a.ogg", "VORBIS", "VORBIS", RATE, 1e-9),
        ("a.mp3", "MP3", "MPEG_LAYER_III", RATE, 1e-9),
        ("a.wav", "WAVE", "PCM_16", RATE, 1e-9),
        ("a.aiff", "AIFF", "PCM_24", RATE, 1e-9),
    ],
)
def test_every_kind_of_media_plays_from_anywhere(tmp_path, name, kind, subtype, rate, floor):
    x = write(tmp_path, noise(2 * RATE), name, rate, subtype)
    whole = item(name, kind=kind, length=1.0)
    later = item(name, "SOFFS 0.5", kind=kind, length=1.0)
    y, z = render(studio(tmp_path, track(1, whole), track(2, later)))
    assert np.allclose(y, x[:, :RATE], atol=floor)
    assert np.allclose(z, x[:, 24000:72000], atol=floor)


def test_media_of_another_rate_keep_pitch_place_and_level(tmp_path):
    t = np.arange(2 * 44100) / 44100.0
    write(tmp_path, 0.5 * np.sin(2 * np.pi * 1000.0 * t)[np.newaxis], rate=44100)
    (y,) = render(studio(tmp_path, track(1, item(length=2.0))))
    expected = 0.5 * np.sin(2 * np.pi * 1000.0 * np.arange(2 * RATE) / RATE)
    assert np.abs(y[0] - expected)[500:-500].max() < 1e-4


def test_play_rate_without_preserved_pitch_resamples(tmp_path):
    t = np.arange(2 * RATE) / RATE
    write(tmp_path, 0.5 * np.sin(2 * np.pi * 1000.0 * t)[np.newaxis])
    (y,) = render(studio(tmp_path, track(1, item("a.wav", "PLAYRATE 1.5 0 0 -1 0 0.0025"))))
    expected = 0.5 * np.sin(2 * np.pi * 1500.0 * np.arange(RATE) / RATE)
    assert np.abs(y[0] - expected)[500:-500].max() < 1e-3


@pytest.mark.parametrize(
    ("play_rate", "heard_hz"), [("0.8 1 0", 440.0), ("1 1 12", 880.0), ("0.5 0 12", 440.0)]
)
def test_stretching_and_pitch_shifting_go_separate_ways(tmp_path, play_rate, heard_hz):
    t = np.arange(3 * RATE) / RATE
    write(tmp_path, 0.5 * np.sin(2 * np.pi * 440.0 * t)[np.newaxis])
    line = f"PLAYRATE {play_rate} -1 0 0.0025"
    (y,) = render(studio(tmp_path, track(1, item("a.wav", line, length=2.0))))
    part = y[0, RATE // 2 : 3 * RATE // 2]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(part.size)))
    assert np.argmax(spectrum) == pytest.approx(heard_hz, abs=3)
    assert np.sqrt(np.mean(part**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.05)


def test_a_reversed_section_plays_backwards(tmp_path):
    x = write(tmp_path, noise())
    source = (
        "<SOURCE SECTION\n        LENGTH 0.5\n        STARTPOS 0.25\n        MODE 3\n"
        '        <SOURCE WAVE\n          FILE "a.wav"\n        >\n      >'
    )
    (y,) = render(studio(tmp_path, track(1, item(source=source, length=0.5))))
    assert np.array_equal(y, x[:, 12000:36000][:, ::-1])


def test_the_fader_acts_after_the_pre_fader_stem(tmp_path):
    x = write(tmp_path, noise())
    host = studio(tmp_path, track(1, item(), "VOLPAN 0.5 -0.5 -1 -1 1", "IPHASE 1"))
    assert np.array_equal(render(host)[0], x)
    after = render(host, POST_FADER_STEMS)[0]
    assert np.allclose(after, -0.5 * x * [[1.0], [0.5]], atol=1e-7)


def test_a_folder_sums_its_children_after_their_faders(tmp_path):
    a, b = write(tmp_path, noise()), write(tmp_path, noise(seed=2), "b.wav")
    host = studio(
        tmp_path,
        track(1, "ISBUS 1 1"),
        track(2, item(), "VOLPAN 0.5 0 -1 -1 1", selected=False),
        track(3, item(), "MUTESOLO 1 0 0", selected=False),
        track(4, item("b.wav"), "ISBUS 2 -1", "VOLPAN 2 1 -1 -1 1", selected=False),
        track(5, item("b.wav"), selected=False),
    )
    add_eq(host, BELL, index=0)
    (y,) = render(host)
    inside = 0.5 * a.astype(float) + 2.0 * b * [[0.0], [1.0]]
    assert np.allclose(y, BELL.apply(inside, RATE), atol=1e-6)


@pytest.mark.parametrize(("mode", "gain"), [(0, 0.5), (1, 1.0), (3, 1.0)])
def test_receives_take_the_signal_where_they_say(tmp_path, mode, gain):
    x = write(tmp_path, noise())
    host = studio(
        tmp_path,
        track(1, item(), "VOLPAN 0.5 0 -1 -1 1", "MAINSEND 0 0", selected=False),
        track(2, f"AUXRECV 0 {mode} 0.8 0 0 0 1 0 0 -1:U 0 -1 ''"),
    )
    add_eq(host, BELL, index=0)
    heard = x if mode == 1 else BELL.apply(x, RATE)
    assert np.allclose(render(host)[0], -0.8 * gain * heard, atol=1e-6)


def test_sends_from_nowhere_and_muted_sends_are_silent(tmp_path):
    x = write(tmp_path, noise())
    receives = [f"AUXRECV {source} 0 1 0 {mute} 0 0 0 0" for source, mute in ((9, 0), (1, 1))]
    host = studio(tmp_path, track(1, item(), *receives), track(2, item(), selected=False))
    assert np.array_equal(render(host)[0], x)


def test_a_mono_send_folds_to_its_channel(tmp_path):
    x = write(tmp_path, noise())
    receives = ["AUXRECV 1 0 1 0 0 0 0 0 1025", "AUXRECV 1 0 1 0 0 0 0 1025 0"]
    host = studio(tmp_path, *(track(1, *receives), track(2, item(), selected=False)))
    (y,) = render(host)
    assert np.allclose(y, [x[1], x[1] + x.mean(axis=0)], atol=1e-7)


def test_channels_beyond_the_eqs_pass_it_by(tmp_path):
    x = write(tmp_path, noise(channels=4))
    host = studio(tmp_path, track(1, item(), "NCHAN 4"))
    add_eq(host, BELL)
    (y,) = render(host, RENDER_CHANNELS=4)
    assert np.allclose(y[:2], BELL.apply(x[:2], RATE), atol=1e-6)
    assert np.array_equal(y[2:], x[2:])


def test_the_master_mix_sums_what_is_sent_to_it(tmp_path):
    x = write(tmp_path, noise())
    host = studio(
        tmp_path,
        track(1, item(), "VOLPAN 0.5 0 -1 -1 1"),
        track(2, item(), "MAINSEND 0 0"),
        track(3, item(), "IPHASE 1", "VOLPAN 0.25 0 -1 -1 1"),
    )
    (y,) = render(host, MASTER_MIX)
    assert np.allclose(y, 0.25 * x, atol=1e-7)


def test_a_muted_or_unsoloed_track_is_silent(tmp_path):
    x = write(tmp_path, noise())
    host = studio(tmp_path, track(1, item()), track(2, item(), "MUTESOLO 0 2 0"))
    first, second = render(host)
    assert not first.any()
    assert np.array_equal(second, x)
    muted = studio(tmp_path, track(1, item(), "MUTESOLO 1 0 0"))
    assert not render(muted, POST_FADER_STEMS)[0].any()
    assert not render(muted)[0].any()


def test_feedback_routing_is_refused(tmp_path):
    write(tmp_path, noise())
    host = studio(
        tmp_path,
        track(1, item(), "AUXRECV 1 0 1 0 0 0 0 0 0 -1:U 0 -1 ''"),
        track(2, "AUXRECV 0 0 1 0 0 0 0 0 0 -1:U 0 -1 ''"),
    )
    with pytest.raises(RenderFailed, match="circle"):
        render(host)


def test_missing_media_and_foreign_plug_ins_are_left_out_and_named(tmp_path):
    x = write(tmp_path, noise())
    foreign = '<FXCHAIN\n      BYPASS 0 0 0\n      <JS loser/comp ""\n      >\n    >'
    midi = item(source="<SOURCE MIDI\n        HASDATA 1 960 QN\n      >")
    host = studio(tmp_path, track(1, foreign, item(), item("gone.wav"), midi))
    assert np.array_equal(render(host)[0], x)
    notes = " ".join(host.warnings(next(iter(host.tracks))))
    assert "'gone.wav' is missing" in notes
    assert "loser/comp is not heard" in notes
    assert "MIDI" in notes


def test_without_the_stretcher_the_pitch_changes_and_that_is_said(tmp_path, monkeypatch):
    x = write(tmp_path, noise(2 * RATE))
    monkeypatch.setattr("bridge.host.scene.find_spec", lambda _: None)
    host = studio(tmp_path, track(1, item("a.wav", "PLAYRATE 1 1 12 -1 0 0.0025")))
    assert np.array_equal(render(host)[0], x[:, :RATE])
    assert "not stretched" in host.warnings(next(iter(host.tracks)))[0]


def test_a_folders_warnings_hold_those_of_its_children(tmp_path):
    host = studio(
        tmp_path, track(1, "ISBUS 1 1"), track(2, item("gone.wav"), "ISBUS 2 -1"), track(3)
    )
    bus, child, other = host.tracks
    assert host.warnings(bus) == host.warnings(child) != ()
    assert host.warnings(other) == ()


@pytest.mark.parametrize(
    ("settings", "numbers", "message"),
    [
        (2 | 4, {}, "RENDER_SETTINGS 6"),
        (8, {}, "RENDER_SETTINGS 8"),
        (2, {"RENDER_BOUNDSFLAG": 4}, "bounds 4"),
        (2, {"RENDER_ADDTOPROJ": 1}, "RENDER_ADDTOPROJ"),
        (2, {"RENDER_NORMALIZE": 1}, "RENDER_NORMALIZE"),
        (2, {"RENDER_BOUNDSFLAG": 0, "RENDER_ENDPOS": 0}, "nothing to render"),
    ],
)
def test_what_cannot_be_rendered_is_refused_with_nothing_written(
    tmp_path, settings, numbers, message
):
    write(tmp_path, noise())
    host = studio(tmp_path, track(1, item()))
    with pytest.raises(RenderFailed, match=message):
        render(host, settings, **numbers)
    assert not list(tmp_path.glob("out*/*"))


def test_an_existing_target_is_refused_and_stays(tmp_path):
    write(tmp_path, noise())
    host = studio(tmp_path, track(1, item()))
    folder = prepare(host)
    folder.mkdir()
    (folder / "s-01.wav").write_bytes(b"mine")
    with pytest.raises(RenderFailed, match="exists"):
        host.api.RPR_Main_OnCommand(42230, 0)
    assert (folder / "s-01.wav").read_bytes() == b"mine"


def test_samples_that_are_no_numbers_pass_and_are_reported_on_their_track(tmp_path):
    x = noise(4 * RATE)
    x[0, 3 * RATE] = np.nan
    soundfile.write(tmp_path / "a.wav", x.T, RATE, subtype="FLOAT")
    good = write(tmp_path, noise(4 * RATE, seed=2), "b.wav")
    host = studio(tmp_path, track(1, item(length=4.0)), track(2, item("b.wav", length=4.0)))
    y, z = render(host)
    assert np.array_equal(y, x, equal_nan=True)
    assert np.array_equal(z, good)
    first, second = host.tracks
    (note,) = host.warnings(first)
    assert "'a.wav'" in note
    assert "not finite (the sample at 3.000 s, channel 1, is not a number)" in note
    assert host.warnings(second) == ()


def test_a_failed_render_leaves_no_files(tmp_path, monkeypatch):
    write(tmp_path, noise())
    host = studio(tmp_path, track(1, item()))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(soundfile.SoundFile, "write", full)
    with pytest.raises(RenderFailed, match="No space left"):
        render(host)
    assert not list(tmp_path.glob("out*/*"))


def test_a_flac_damaged_in_its_middle_is_reported(tmp_path):
    x = write(tmp_path, noise(8 * RATE), "a.flac", subtype="PCM_16")
    data = bytearray((tmp_path / "a.flac").read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    (tmp_path / "a.flac").write_bytes(data)
    host = studio(tmp_path, track(1, item("a.flac", kind="FLAC", length=8.0)))
    (y,) = render(host)
    assert np.array_equal(y[:, : 3 * RATE], x[:, : 3 * RATE])
    assert not y[:, 6 * RATE :].any()


def test_targets_formats_and_names(tmp_path):
    write(tmp_path, noise())
    host = studio(
        tmp_path, track(1, item()), track(2, item(), 'NAME "a/b;c"'), track(3, "NAME T1", item())
    )
    api = host.api
    folder = prepare(host)
    api.RPR_GetSetProjectInfo_String(0, "RENDER_PATTERN", "$project-$track", True)
    targets = api.RPR_GetSetProjectInfo_String(0, "RENDER_TARGETS", "", False)[3]
    expected = [folder / f"song-{name}.wav" for name in ("T1", "a_b;c", "T1-001")]
    assert targets == ";".join(map(str, expected))
    api.RPR_GetSetProjectInfo_String(0, "RENDER_FORMAT", "ZXZhdxgAAQ==", True)
    api.RPR_Main_OnCommand(42230, 0)
    assert {soundfile.info(path).subtype for path in expected} == {"PCM_24"}
    assert "PEAK:" in api.RPR_GetSetProjectInfo_String(0, "RENDER_STATS", "", False)[3]
    api.RPR_GetSetProjectInfo_String(0, "RENDER_FORMAT", "bDNwbQ==", True)
    with pytest.raises(RenderFailed, match="format"):
        api.RPR_Main_OnCommand(42230, 0)
    api.RPR_GetSetProjectInfo_String(0, "RENDER_FORMAT", FLOAT_WAV, True)


def test_mono_and_another_sample_rate(tmp_path):
    x = write(tmp_path, noise(rate := RATE))
    host = studio(tmp_path, track(1, item()))
    (y,) = render(host, RENDER_CHANNELS=1)
    assert np.allclose(y, x.mean(axis=0), atol=1e-7)
    folder = prepare(host, RENDER_CHANNELS=2, RENDER_SRATE=24000)
    host.api.RPR_Main_OnCommand(42230, 0)
    info = soundfile.info(folder / "s-01.wav")
    assert (info.samplerate, info.frames) == (24000, rate // 2)
