"""Pickles as data: a machine that builds inert records and can run nothing that a file names."""
