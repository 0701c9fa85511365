"""What the tests of the whole system play with: guests, staff, topics."""
