"""Words become EQ curves: a table of words, engineers' terms, and a small grammar of phrases."""
