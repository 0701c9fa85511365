"""What the services agree on: topics, events, permissions and shared values. Depends on pydantic alone."""
