"""Numbers, and the values that every room shares: no files, no text."""
