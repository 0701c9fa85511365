"""Embeds the demo hotels' texts and writes `src/conversation/demo/vectors.npz`; texts already there are not embedded again.

python services/conversation/tools/embed_demo.py
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

from conversation.adapters.artefacts import pack
from conversation.adapters.demo_content import VECTORS, demo_texts, demo_vectors
from conversation.adapters.embedder import LocalEmbedder, text_key

TARGET = Path(__file__).parents[1] / "src" / "conversation" / "demo" / VECTORS


async def main() -> None:
    """Write the file and say how many texts were new."""
    known = demo_vectors() if TARGET.exists() else {}
    texts = demo_texts()
    embedder = LocalEmbedder(known=known, cache_size=len(texts))
    words = await embedder.words([text for key, text in texts.items() if key == text_key("query", text)])
    passages = [text for text in texts.values() if text_key("passage", text) in texts]
    made = {text_key("query", word): vector for word, vector in words.items()}
    made |= zip((text_key("passage", text) for text in passages), await embedder.passages(passages), strict=True)
    packed, scales = pack(np.stack([made[key] for key in texts]))
    np.savez_compressed(TARGET, keys=np.array(list(texts)), vectors=packed, scales=scales)
    new = sum(key not in known for key in texts)
    sys.stdout.write(f"{len(texts)} texts, {new} of them new, {TARGET.stat().st_size // 1024} KiB\n")
    embedder.close()


if __name__ == "__main__":
    asyncio.run(main())
