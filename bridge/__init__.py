"""Moves things between people, REAPER and `models`. Holds no DSP."""

__version__ = "0.1.0"
