"""Project files: nothing is lost, and what is no project is refused."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.host.chunk import Line, format_number, quote, tokenise
from bridge.host.project import Node, Project, ProjectFileError, dumps, loads, with_media_base
from tests.host.song import SONG, changed, song


@pytest.mark.data
def test_every_sample_comes_back_byte_for_byte(data_dir: Path) -> None:
    files = sorted((data_dir / "reaper" / "rpp").iterdir())
    assert len(files) >= 18
    for file in files:
        data = file.read_bytes()
        assert dumps(loads(data)) == data, file.name


@pytest.mark.data
def test_cut_short_anywhere_a_project_is_refused(data_dir: Path) -> None:
    """From the first line on, every prefix of a real project lacks a '>' and must say so."""
    data = next((data_dir / "reaper" / "rpp").glob("danishaft*")).read_bytes()
    for end in range(len(data) // 50, len(data.rstrip()) - 1, 499):
        with pytest.raises(ProjectFileError, match="cut short"):
            loads(data[:end])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n  \n"])
def test_line_endings_stay(newline: str, end: str) -> None:
    data = (SONG.replace("\n", newline).rstrip() + end).encode()
    assert dumps(loads(data)) == data


def test_mixed_endings_odd_bytes_and_a_byte_order_mark_stay() -> None:
    data = b"\xef\xbb\xbf<TRACK\r\n  NAME \xff\xfe\xe9 \r x\n\n\t ODD\r\r\n  >\r\n; end"
    project = loads(data)
    assert dumps(project) == data
    assert project.tracks[0].node.head is not None


line_text = st.text(st.characters(codec="utf-8", exclude_characters="\n\0"), max_size=20).filter(
    lambda t: not t.strip(" \t\r").startswith("<") and t.strip(" \t\r") != ">"
)
lines = st.builds(
    Line, line_text.filter(lambda t: not t.endswith("\r")), st.sampled_from(["\n", "\r\n"])
)
endings = st.sampled_from(["\n", "\r\n"])


def block(children: st.SearchStrategy[Line | Node]) -> st.SearchStrategy[Node]:
    """Build blocks around children."""
    name = st.text("ABCDEFGHIJ_0123456789", min_size=1, max_size=8)
    return st.builds(
        lambda text, kids, ending: Node(Line(f"<{text}", ending), kids, Line("  >", ending)),
        name,
        st.lists(children, max_size=5),
        endings,
    )


trees: st.SearchStrategy[Line | Node] = st.recursive(lines, block, max_leaves=30)


@given(st.lists(trees, max_size=8))
def test_arbitrary_trees_come_back(children: list[Line | Node]) -> None:
    root = Node(Line("<REAPER_PROJECT 0.1"), children, Line(">"))
    data = dumps(Project(Node(None, [root])))
    again = loads(data)
    assert dumps(again) == data
    assert shape(again.root) == shape(root)


def shape(node: Node) -> list[object]:
    """Return a tree's nesting and texts."""
    return [node.name, *(shape(c) if isinstance(c, Node) else c.text for c in node.children)]


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_or_come_back(noise: bytes) -> None:
    for data in (noise, b"<TRACK\n" + noise, b"<TRACK\n" + noise + b"\n>\n"):
        with suppress(ProjectFileError):
            assert dumps(loads(data)) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \r\n\t\n", "empty"),
        (b"hello\nworld\n", "not a REAPER project"),
        (b'<?xml version="1.0"?>\n', "line 1: The block <?xml"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "line 1: A zero byte"),
        (b"<TRACK\n  NAME a\n  <FXCHAIN\n", "line 3: The block <FXCHAIN that opens here is never"),
        (b"<TRACK\n>\n>\n", "line 3: A '>' closes a block that was never opened"),
        (b"<METRONOME 6 2\n>\n", "not a REAPER project"),
    ],
)
def test_what_is_no_project_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ProjectFileError) as caught:
        loads(data)
    assert message in str(caught.value)


def test_deep_nesting_does_not_overflow() -> None:
    depth = 10 * sys.getrecursionlimit()
    data = b"<TRACK\n" * depth + b">\n" * depth
    project = loads(data)
    assert dumps(project) == data
    assert sum(1 for _ in project.document.walk()) == depth + 1
    with pytest.raises(ProjectFileError, match=f"line {depth}: "):
        loads(b"<TRACK\n" * depth)


def test_templates_and_chains_have_roots_of_their_own() -> None:
    template = loads(b"<TRACK\n  NAME a\n>\n<TRACK\n  NAME b\n>\n")
    assert not template.is_project
    assert [track.name for track in template.tracks] == ["a", "b"]
    assert (template.version, template.platform) == ("", "")
    chain = loads(b"BYPASS 0 0 0\n<JS a ''\n>\nBYPASS 1 0 0\n<JS b ''\n>\n")
    assert [fx.bypassed for fx in chain.fx_chain.fx] == [False, True]


def test_several_projects_in_one_file_the_first_counts_and_all_stay() -> None:
    data = b"<REAPER_PROJECT 0.1\n  <TRACK\n  >\n>\n\n<REAPER_PROJECT 0.1\n>\nafter\n"
    project = loads(data)
    assert len(project.tracks) == 1
    project.tracks[0].name = "a"
    assert dumps(project) == data.replace(b"<TRACK\n", b"<TRACK\n    NAME a\n")


@pytest.mark.parametrize(
    ("version", "platform"),
    [
        ("7.40/linux-x86_64", "linux"),
        ("6.24/win64", "windows"),
        ("6.08/x64", "windows"),
        ("5.35/OSX64", "macos"),
        ("6.25-beta/macOS-arm64", "macos"),
        ("4.52", ""),
    ],
)
def test_the_platform_is_read_from_the_version(version: str, platform: str) -> None:
    project = loads(f'<REAPER_PROJECT 0.1 "{version}" 1\n>\n'.encode())
    assert (project.version, project.platform) == (version, platform)


def test_project_settings() -> None:
    assert song().sample_rate_hz == 48000
    assert loads(b"<REAPER_PROJECT 0.1\n>\n").sample_rate_hz is None


# --- lines and tokens ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('  NAME "Lead Vocals" 1', ["NAME", "Lead Vocals", "1"]),
        ('NAME \'say "hi"\' `it\'s "so"`', ["NAME", 'say "hi"', 'it\'s "so"']),
        ("A \"\" '' ``", ["A", "", "", ""]),
        ("NAME it's\tfine", ["NAME", "it's", "fine"]),
        ('NAME "no end', ["NAME", "no end"]),
        ('NAME "a"b', ["NAME", "a", "b"]),
        ("", []),
        (" \t ", []),
    ],
)
def test_tokens_as_reaper_reads_them(text: str, values: list[str]) -> None:
    assert [token.value for token in tokenise(text)] == values


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Kick", "Kick"),
        ("", '""'),
        ("Lead Vocals", '"Lead Vocals"'),
        ("it's", '"it\'s"'),
        ('say "hi"', "'say \"hi\"'"),
        ('it\'s "so"', '`it\'s "so"`'),
        ("a`b'c\"d", "`a'b'c\"d`"),
        ("#1", '"#1"'),
        ("<b>", '"<b>"'),
        ("été", "été"),
    ],
)
def test_quotes_as_reaper_writes_them(value: str, written: str) -> None:
    assert quote(value) == written


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=30))
def test_what_is_quoted_reads_back(value: str) -> None:
    (token,) = tokenise(quote(value))
    all_three = all(mark in value for mark in "\"'`")
    assert token.value == (value.replace("`", "'") if all_three else value)


@pytest.mark.parametrize("value", ["two\nlines", "a\rb", "nul\0", "half \ud800"])
def test_what_a_line_cannot_hold_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"line break|surrogates"):
        quote(value)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "1"), (-0.0, "0"), (0.05, "0.05"), (100.0, "100"), (1e-20, "0"), (1e16, f"{10**16}")],
)
def test_numbers_as_reaper_writes_them(number: float, text: str) -> None:
    assert format_number(number) == text


def test_no_number_is_no_token() -> None:
    with pytest.raises(ValueError, match="finite"):
        format_number(float("nan"))


def test_setting_a_token_keeps_the_others_verbatim() -> None:
    line = Line("\t VOLPAN   1.000000\t0.500000 -1.0  'x' ", "\r\n")
    line.set_number(1, 0.25)
    assert line.text == "\t VOLPAN   0.25\t0.500000 -1.0  'x' "
    line.set_number(2, 0.5)
    line.set_string(4, "x")
    assert line.text == "\t VOLPAN   0.25\t0.500000 -1.0  'x' "
    line.set_string(5, "new one")
    assert line.text == "\t VOLPAN   0.25\t0.500000 -1.0  'x' \"new one\""
    with pytest.raises(IndexError, match="VOLPAN has 6 tokens"):
        line.set_number(9, 1)


def test_odd_tokens_read_as_their_default() -> None:
    line = Line("NCHAN many inf")
    assert (line.number(1, 2.0), line.number(2, 7.0), line.integer(5, 3)) == (2.0, 7.0, 3)
    assert Line("").name == ""


# --- media paths --------------------------------------------------------------------------------


def test_a_copy_elsewhere_still_finds_its_media(tmp_path: Path) -> None:
    project = song()
    before = dumps(project)
    (tmp_path / "song").mkdir()
    assert with_media_base(project, tmp_path / "song", tmp_path / "out" / "deep") == 1
    went, came = changed(before, dumps(project))
    assert went == [b'        FILE "Media/kick 1.wav"\n']
    assert came == [b'        FILE "../../song/Media/kick 1.wav"\n']


def test_the_same_folder_changes_nothing(tmp_path: Path) -> None:
    project = song()
    assert with_media_base(project, tmp_path, str(tmp_path / "x" / "..")) == 0
    assert dumps(project) == SONG.encode()


@pytest.mark.parametrize(
    "reference", ["C:\\Music\\a.wav", "c:/a.wav", "\\\\server\\share\\a.wav", "/abs/a.wav", ""]
)
def test_absolute_paths_of_any_system_stay(tmp_path: Path, reference: str) -> None:
    data = f'<TRACK\n  <ITEM\n    <SOURCE WAVE\n      FILE "{reference}"\n    >\n  >\n>\n'.encode()
    project = loads(data)
    assert with_media_base(project, tmp_path / "a", tmp_path / "b") == 0
    assert dumps(project) == data


def test_backslashes_stay_backslashes(tmp_path: Path) -> None:
    project = loads(b'<TRACK\n<SOURCE WAVE\nFILE "Media\\a.wav" 1\n>\n>\n')
    with_media_base(project, tmp_path / "a", tmp_path / "b")
    assert rb'FILE "..\a\Media\a.wav" 1' in dumps(project)
