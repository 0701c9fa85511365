"""What guests see: the widget in a real browser, on the demo hotels' pages, against the whole stack."""
