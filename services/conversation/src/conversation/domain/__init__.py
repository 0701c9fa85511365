"""The rules, pure: conversations and turns, what the AI decides and writes, how articles are ranked. No I/O."""
