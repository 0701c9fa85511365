"""What talks to the outside or to files: the embedder, the engine, guests' tokens, what the package carries."""
