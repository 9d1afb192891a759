"""Audio and words in, an equaliser curve out. Knows nothing of REAPER."""
