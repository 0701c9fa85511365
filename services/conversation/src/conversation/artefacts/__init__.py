"""What the local engine was fitted to, small and committed: the confidence model and the probe questions."""
