"""A processed copy of an audio file, block by block."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bridge.errors import CannotWrite, UnreadableAudio, UsageError
from models.audio import AudioError, Samples, info, stream
from models.eq import Eq, EqFilter

Process = Callable[[Iterator[Samples]], Iterator[NDArray[np.floating]]]
"""Takes a file's blocks (channels, n) and gives the processed ones, in all of the same length."""
_FORMATS = {".wav": "WAV", ".flac": "FLAC", ".aiff": "AIFF", ".aif": "AIFF"}
_FLOATING = ("FLOAT", "DOUBLE", "VORBIS", "OPUS", "MPEG_LAYER_III")


def check_output(mix: Path, output: Path, *, overwrite: bool) -> None:
    """Raise UsageError where the output may not be written."""
    if output.suffix.lower() not in _FORMATS:
        raise UsageError(
            f"{output}: files of this kind are not written.", f"Use {', '.join(_FORMATS)}."
        )
    if not output.absolute().parent.is_dir():
        raise UsageError(f"{output}: there is no such folder.", "Make it, or choose another.")
    if output.is_dir():
        raise UsageError(f"{output} is a folder.", "Name a file in it with --output.")
    if output.exists() and mix.exists() and output.samefile(mix):
        raise UsageError(f"{output} is the mix itself.", "Name another file with --output.")
    if output.exists() and not overwrite:
        raise UsageError(f"{output} exists.", "Add --overwrite, or name another with --output.")


def write(mix: Path, output: Path, eq: Eq) -> tuple[str, ...]:
    """Write `mix` through `eq` to `output`, as `write_processed` does."""

    def equalised(blocks: Iterator[Samples]) -> Iterator[NDArray[np.floating]]:
        what = info(mix)
        filters = EqFilter(eq, what.sample_rate_hz, what.channels)
        return (filters.process(block) for block in blocks)

    return write_processed(mix, output, equalised)


def write_processed(
    mix: Path, output: Path, process: Process, *, floating: bool = False
) -> tuple[str, ...]:
    """Write `mix` through `process` to `output`, complete or not at all; return warnings.

    32-bit float where the mix is floating or `floating` is asked for (WAV), else 24 bits. Where
    those would clip, everything is turned down to fit, with a warning. Raises UnreadableAudio and
    CannotWrite.
    """
    form = _FORMATS[output.suffix.lower()]
    subtype = "FLOAT" if form == "WAV" and (floating or _is_floating(mix)) else "PCM_24"
    try:
        with _beside(output) as temporary:
            peak = _run(mix, temporary, form, subtype, process, 1.0)
            if subtype == "FLOAT" or peak <= 1.0:
                return _note_of_peak(peak)
            _run(mix, temporary, form, subtype, process, 1.0 / peak)
    except AudioError as error:
        raise UnreadableAudio(str(error)) from error
    except OSError as error:
        raise CannotWrite(
            f"{output} cannot be written: {error}.", "Name another with --output."
        ) from error
    return (f"Turned down by {20.0 * np.log10(peak):.1f} dB, or it would clip.",)


def _run(mix: Path, output: Path, form: str, subtype: str, process: Process, gain: float) -> float:
    """Process the file; return the peak that full scale would have met."""
    import soundfile  # noqa: PLC0415  (loads a shared library)

    what = info(mix)
    peak = 0.0
    try:
        with soundfile.SoundFile(
            output, "w", what.sample_rate_hz, what.channels, subtype, format=form
        ) as file:
            for block in process(stream(mix)):
                out = np.ascontiguousarray(block.T, dtype=np.float32)
                peak = max(peak, float(out.max(initial=0.0)), -float(out.min(initial=0.0)))
                file.write(out if gain == 1.0 else out * np.float32(gain))
    except soundfile.SoundFileError as error:
        raise OSError(str(error)) from error
    return peak


def _note_of_peak(peak: float) -> tuple[str, ...]:
    if peak <= 1.0:
        return ()
    return (f"Its peak is {20.0 * np.log10(peak):+.1f} dBFS: turn it down before it is converted.",)


def _is_floating(mix: Path) -> bool:
    import soundfile  # noqa: PLC0415

    return soundfile.info(str(mix)).subtype in _FLOATING


@contextmanager
def _beside(output: Path) -> Iterator[Path]:
    """Give a temporary file that becomes `output` at the end."""
    handle, name = tempfile.mkstemp(prefix=f".{output.name[:50]}.", dir=output.resolve().parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
