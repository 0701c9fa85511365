"""The gateway's rules: what a live stream shows to whom, and how a view is put together when a part is missing."""
