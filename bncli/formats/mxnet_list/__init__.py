"""The parts of MXNet's list of arrays: the arrays, and which of them are one layer."""
