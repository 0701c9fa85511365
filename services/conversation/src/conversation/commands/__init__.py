"""What can be done: one module per aggregate, command models and the functions that carry them out."""
