"""The gateway's HTTP and WebSocket edge."""
