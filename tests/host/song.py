"""A small project written for the tests, in the form in which REAPER 7 writes its own."""

from __future__ import annotations

from bridge.host.project import Project, loads
from bridge.reaper.reaeq import encode, fresh_state
from bridge.reaper.vst_block import VstBlock

FRESH = encode(fresh_state())
_IDS = "1919247729<56535472656571726561657100000000>"
_DATA = "\n        ".join(VstBlock.new(FRESH).to_lines())

SONG = f"""\
<REAPER_PROJECT 0.1 "7.40/linux-x86_64" 1740000000 0
  <NOTES 0 2
    |mind the "quotes", the 'apostrophes' and the > sign
    |>
  >
  RIPPLE 0 0
  RENDER_FILE "stems"
  SAMPLERATE 48000 0 0
  TEMPO 120 4 4 0
  MASTERMUTESOLO 0
  MASTER_NCH 2 2
  MASTER_VOLUME 0.5 -0.25 -1 -1 1
  MASTER_FX 1
  MASTER_SEL 0
  <MASTERPLAYSPEEDENV
    ACT 0 -1
  >
  <PROJBAY
  >
  <TRACK {{11111111-1111-4111-8111-111111111111}}
    NAME "Drum bus"
    PEAKCOL 16576
    VOLPAN 0.88 0.5 -1 -1 1
    MUTESOLO 0 0 0
    IPHASE 0
    ISBUS 1 1
    SEL 1
    NCHAN 2
    FX 1
    TRACKID {{11111111-1111-4111-8111-111111111111}}
    MIDIOUT -1
    MAINSEND 1 0
  >
  <TRACK {{22222222-2222-4222-8222-222222222222}}
    NAME Kick
    PEAKCOL 16576
    VOLPAN 1 0 -1 -1 1
    MUTESOLO 1 2 0
    IPHASE 1
    ISBUS 2 -1
    SEL 0
    NCHAN 4
    FX 0
    TRACKID {{22222222-2222-4222-8222-222222222222}}
    AUXRECV 0 3 0.35 -0.5 1 0 1 0 0 -1:U 0 -1 ''
    MIDIOUT -1
    MAINSEND 0 0
    <VOLENV2
      ACT 1 -1
      PT 0 1 0
    >
    <PANENV2
      ACT 0 -1
      PT 0 0 0
    >
    <FXCHAIN
      SHOW 0
      LASTSEL 0
      DOCKED 0
      BYPASS 0 0 0
      <VST "VST: ReaEQ (Cockos)" reaeq.vst.so 0 'My "tilt"' {_IDS} ""
        {_DATA}
      >
      PRESETNAME "Stock: flat"
      FLOATPOS 0 0 0 0
      FXID {{AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA}}
      <PARMENV 0:_Freq_Low_Shelf 0 1 0.5
        ACT 1 -1
        PT 0 0.5 0
      >
      <PARMENV 1:_Gain_Low_Shelf 0 1 0.25
        ACT 0 -1
      >
      WAK 0 0
      PARALLEL 1
      BYPASS 1 0 0
      <JS "My effects/warm.jsfx" Warm
        1 - - - -
      >
      FLOATPOS 0 0 0 0
      FXID {{BBBBBBBB-BBBB-4BBB-8BBB-BBBBBBBBBBBB}}
      WAK 0 0
      BYPASS 0 1 0
      <CONTAINER Container "Parallel comp" ""
        CONTAINER_CFG 2 2 2 0
        BYPASS 0 0 0
        <VST "VST3: Squash (Maker)" squash.vst3 0 "" 12345{{00}} ""
          AAAA
        >
        FXID {{CCCCCCCC-CCCC-4CCC-8CCC-CCCCCCCCCCCC}}
      >
      FXID {{DDDDDDDD-DDDD-4DDD-8DDD-DDDDDDDDDDDD}}
      WAK 0 0
    >
    <ITEM
      POSITION 0
      LENGTH 2.5
      <SOURCE WAVE
        FILE "Media/kick 1.wav"
      >
    >
    <ITEM
      POSITION 3
      LENGTH 2.5
      <SOURCE SECTION
        LENGTH 1
        <SOURCE MP3
          FILE "/music/loop.mp3" 1
        >
      >
      TAKE
      <SOURCE MIDI
        HASDATA 1 960 QN
        E 0 90 3c 60
        <X 0 0
          /wNUZXN0
        >
        E 960 80 3c 00
      >
    >
  >
  <EXTENSIONS
  >
>
"""


def song(newline: str = "\n") -> Project:
    """Load the project."""
    return loads(SONG.replace("\n", newline).encode())


def changed(before: bytes, after: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the lines that went and the lines that came, in order."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return old, new
