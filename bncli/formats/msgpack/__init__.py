"""MessagePack, read in place: the bytes of arrays are stepped over."""
