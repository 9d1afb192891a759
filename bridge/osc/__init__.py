"""Control surfaces over OSC (UDP): the addresses, the server, and REAPER's own OSC device."""
