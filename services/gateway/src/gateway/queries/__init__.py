"""The dashboard's views, each composed from several services side by side."""
