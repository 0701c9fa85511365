"""HTTP: parse, authorise, call one command or query."""
