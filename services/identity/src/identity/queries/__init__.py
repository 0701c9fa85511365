"""What can be asked of identity: a module per aggregate, its statements and the views they give."""
