"""The embedded REAPER host: project files, ReaScript functions and rendering without REAPER."""
