"""The rules. Pure Python: no I/O, no clock, no framework."""
