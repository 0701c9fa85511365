"""The proof that nothing is lost: the whole system under load, a fault in the middle, then everything is counted."""
