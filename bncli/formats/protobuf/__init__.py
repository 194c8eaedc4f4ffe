"""Protocol buffers on the wire, walked in place: what is not asked for is stepped over and never read."""
