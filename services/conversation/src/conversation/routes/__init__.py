"""HTTP and WebSockets: parse, authorise, call one command or query."""
