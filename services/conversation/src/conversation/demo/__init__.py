"""The demo hotels' knowledge bases: one Markdown file per article and language, title and guests' phrasings in front.

`vectors.npz` holds the texts' vectors, so that seeding does not embed a thousand texts; `tools/embed_demo.py` renews
it, and a test says when it is out of date.
"""
