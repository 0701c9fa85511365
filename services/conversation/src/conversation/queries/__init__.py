"""What can be asked: one module per aggregate, one statement each, and the views they return."""
