"""Measures the whole system on a real stack, so that a claim about its speed has a command that shows it."""
