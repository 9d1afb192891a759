"""What runs in REAPER, and the wire to it."""
