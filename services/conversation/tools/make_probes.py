"""Embeds the first demo hotel's guest phrasings, in all languages, as the probes that measure a text's commonness.

    python services/conversation/tools/make_probes.py

Run it only on purpose: stored chunks carry the commonness that the probes gave, and the confidence model is fitted on it.
"""

import asyncio
import sys
from pathlib import Path

import numpy as np

from conversation.adapters.artefacts import pack
from conversation.adapters.demo_content import demo_articles
from conversation.adapters.embedder import LocalEmbedder

TARGET = Path(__file__).parents[1] / "src" / "conversation" / "artefacts" / "probes.npz"


async def main() -> None:
    """Write the file and say how many probes there are."""
    embedder = LocalEmbedder()
    questions = [q for article in demo_articles("lindenhof") for variant in article.variants for q in variant.questions]
    vectors, scales = pack(np.stack([await embedder.query(question) for question in questions]))
    np.savez(TARGET, vectors=vectors, scales=scales)
    sys.stdout.write(f"{len(questions)} probes, {TARGET.stat().st_size // 1024} KiB\n")
    embedder.close()


if __name__ == "__main__":
    asyncio.run(main())
