"""Escalations: conversations that need a person, the queue they wait in, and what became of them."""
