"""Embeds the demo hotels' texts and writes `src/conversation/demo/vectors.npz`; texts already there are not embedded again.

python services/conversation/tools/embed_demo.py
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

from conversation.adapters.artefacts import pack
from conversation.adapters.demo_content import VECTORS, demo_key, demo_texts, demo_vectors
from conversation.adapters.embedder import LocalEmbedder

TARGET = Path(__file__).parents[1] / "src" / "conversation" / "demo" / VECTORS


async def main() -> None:
    """Write the file and say how many texts were new."""
    known = demo_vectors() if TARGET.exists() else {}
    texts = demo_texts()
    embedder = LocalEmbedder(known=known, cache_size=len(texts))
    vectors = await embedder.passages(texts)
    packed, scales = pack(vectors)
    np.savez(TARGET, keys=np.array([demo_key(text) for text in texts]), vectors=packed, scales=scales)
    new = sum(demo_key(text) not in known for text in texts)
    sys.stdout.write(f"{len(texts)} texts, {new} of them new, {TARGET.stat().st_size // 1024} KiB\n")
    embedder.close()


if __name__ == "__main__":
    asyncio.run(main())
