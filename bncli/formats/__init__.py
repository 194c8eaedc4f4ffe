"""Bytes to named arrays: one module for each file format, the only room that knows a file's layout."""
