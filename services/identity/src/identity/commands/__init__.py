"""What can be done to hotels, people and guests: a module per aggregate, its command models and their functions."""
