"""The commands of `frontdesk`, one module per group."""
