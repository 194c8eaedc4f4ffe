"""Options, wiring and exit codes: one module for each command."""
