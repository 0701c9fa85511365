"""The systems around the gateway: the services behind it and the Valkey that keeps sessions and live streams."""
