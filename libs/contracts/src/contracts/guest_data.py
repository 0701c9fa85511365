"""The services that keep something about guests. Each answers `guest.erased` with `guest.forgotten`, and is asked for exports.

A service that begins to keep something adds its line here; `tests/contract/test_guest_data.py` says if one is missing.
"""

HOLDERS: frozenset[str] = frozenset(
    {
        "identity",  # who they are, how to reach them
        "conversation",  # what was said, what they say of themselves
        "escalation",  # what staff noted
    }
)
