"""What can be done: one module per aggregate, the command models and the functions that carry them out."""
