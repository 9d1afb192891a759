"""Reading audio: every format and every fault."""

from __future__ import annotations

import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from models import audio
from models.audio import Clip


def noise(channels: int = 2, frames: int = 24000, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, frames))).astype(
        np.float32
    )


def written(path: Path, samples: np.ndarray, rate: int = 48000, subtype: str | None = None) -> Path:
    soundfile.write(path, samples.T, rate, subtype=subtype)
    return path


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.aiff"])
def test_lossless_files_come_back_as_written(tmp_path: Path, name: str) -> None:
    samples = noise()
    clip = audio.load(written(tmp_path / name, samples, subtype="PCM_24"))
    assert clip.sample_rate_hz == 48000
    np.testing.assert_allclose(clip.samples, samples, atol=2.0**-23)


@pytest.mark.parametrize("name", ["a.mp3", "a.ogg"])
def test_lossy_files_keep_length_and_level(tmp_path: Path, name: str) -> None:
    samples = noise()
    clip = audio.load(written(tmp_path / name, samples))
    assert clip.samples.shape == samples.shape
    assert np.sqrt((clip.samples**2).mean()) == pytest.approx(0.09, rel=0.05)  # both cut at 20 kHz


@pytest.mark.parametrize("channels", [1, 2, 6, 64])
@pytest.mark.parametrize("rate", [8000, 44100, 192000])
def test_any_channels_and_rate(tmp_path: Path, channels: int, rate: int) -> None:
    path = written(tmp_path / "a.wav", noise(channels, 1000), rate, "FLOAT")
    assert audio.info(path) == audio.AudioInfo(rate, channels, 1000)
    np.testing.assert_array_equal(audio.load(path).samples, noise(channels, 1000))


@settings(max_examples=20, deadline=None)
@given(block=st.integers(1, 3000))
def test_stream_is_the_file_cut_in_blocks(
    tmp_path_factory: pytest.TempPathFactory, block: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "stream.wav"
    if not path.exists():
        written(path, noise(2, 2500), subtype="FLOAT")
    blocks = list(audio.stream(path, block))
    assert all(b.shape[1] == block for b in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), noise(2, 2500))
    in_memory = [b.shape for b in Clip(noise(2, 2500), 48000).blocks(block)]
    assert in_memory == [b.shape for b in blocks]


def fails_as(error: type[audio.AudioError], path: Path) -> str:
    with pytest.raises(error) as caught:
        audio.load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert caught.value.remedy in message
    return message


def test_no_such_file(tmp_path: Path) -> None:
    assert "no such file" in fails_as(audio.MissingAudioError, tmp_path / "absent.wav")


def test_a_folder(tmp_path: Path) -> None:
    assert "folder" in fails_as(audio.UnreadableAudioError, tmp_path)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.flac", "a.txt"])
def test_random_bytes(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    path.write_bytes(np.random.default_rng(1).bytes(5000))
    fails_as(audio.UnreadableAudioError, path)
    assert capfd.readouterr().err == ""


def test_nothing_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"")
    assert "holds no audio" in fails_as(audio.EmptyAudioError, path)
    written(path, noise(2, 0))
    assert "holds no audio" in fails_as(audio.EmptyAudioError, path)


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.mp3"])
def test_half_a_file(tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / name, noise(2, 150000))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    kinds = audio.TruncatedAudioError, audio.UnreadableAudioError
    with pytest.raises(kinds, match=r"Copy or render it again|Export or convert it again"):
        audio.load(path)
    assert capfd.readouterr().err == ""


def test_a_streamed_wav_of_unstated_length_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", noise(), subtype="FLOAT")
    data = bytearray(path.read_bytes())
    place = data.find(b"data") + 4
    data[place : place + 4] = data[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    np.testing.assert_array_equal(audio.load(path).samples, noise())


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e20])
def test_values_that_are_no_audio_are_named_with_their_place(tmp_path: Path, value: float) -> None:
    samples = noise(2, 96000)
    samples[1, 72000] = value
    path = written(tmp_path / "a.wav", samples, subtype="FLOAT")
    assert "1.500 s, channel 2" in fails_as(audio.NonFiniteAudioError, path)
    with pytest.raises(audio.NonFiniteAudioError, match=r"clip: .*1\.500 s, channel 2"):
        Clip(samples, 48000)


@pytest.mark.parametrize("rate", [4000, 384000])
def test_unsupported_rate(tmp_path: Path, rate: int) -> None:
    path = written(tmp_path / "a.wav", noise(1, 100), rate)
    assert "8 to 192 kHz" in fails_as(audio.UnsupportedAudioError, path)


def test_unsupported_channels() -> None:
    with pytest.raises(audio.UnsupportedAudioError, match="65 channels"):
        Clip(noise(65, 10), 48000)
    with pytest.raises(ValueError, match="shape"):
        Clip(np.zeros((2, 3, 4), dtype=np.float32), 48000)


def test_one_dimension_is_one_channel() -> None:
    clip = Clip(np.zeros(480), 48000)  # type: ignore[arg-type]
    assert (clip.channels, clip.frames, clip.duration_s) == (1, 480, 0.01)
    assert clip.samples.dtype == np.float32


def test_errors_survive_a_process_boundary() -> None:
    error = audio.MissingAudioError("a.wav", "it is gone", "Find it.")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.code) == (type(error), str(error), "audio_missing")


@pytest.mark.parametrize("to_hz", [8000, 22050, 48000, 96000])
def test_resampling_keeps_a_tone(to_hz: int) -> None:
    seconds = np.arange(44100) / 44100
    clip = Clip(0.5 * np.sin(2 * np.pi * 997.0 * seconds), 44100)  # type: ignore[arg-type]
    out = audio.resample(clip, to_hz)
    assert out.frames == pytest.approx(to_hz, abs=1)
    want = 0.5 * np.sin(2 * np.pi * 997.0 * np.arange(out.frames) / to_hz)
    middle = slice(out.frames // 10, -out.frames // 10)
    np.testing.assert_allclose(out.samples[0, middle], want[middle], atol=1e-4)


def test_resampling_a_stream_equals_resampling_the_whole() -> None:
    clip = Clip(noise(2, 30000), 44100)
    resampler = audio.Resampler(44100, 48000, 2)
    blocks = list(clip.blocks(7001))
    parts = [resampler.process(b, last=i == len(blocks) - 1) for i, b in enumerate(blocks)]
    whole = audio.resample(clip, 48000).samples
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-6)


def test_resampling_to_the_same_rate_is_the_same_clip() -> None:
    clip = Clip(noise(), 44100)
    assert audio.resample(clip, 44100) is clip


def test_threads_that_read_at_once_leave_standard_error_as_it_was() -> None:
    """Each used to put back what it had found: overlapping, the last put back /dev/null."""
    first, second = threading.Event(), threading.Event()
    before = os.fstat(2)

    def outlast() -> None:
        with audio._quiet_decoder:
            first.set()
            second.wait()

    with audio._quiet_decoder:
        other = threading.Thread(target=outlast)
        other.start()
        first.wait()
    second.set()
    other.join()

    assert os.path.samestat(os.fstat(2), before)
