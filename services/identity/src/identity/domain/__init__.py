"""The rules of identity. Pure: no I/O, no clock, no framework."""
