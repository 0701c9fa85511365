// How long to wait before the next try: doubling, with jitter, so that a service that comes back is not run over.

const FIRST_MS = 500;
const MOST_MS = 15_000;

/** Milliseconds before try number `tries` (1: the first again), between half and all of the doubled time. */
export function backoff(tries: number, random = Math.random): number {
  const most = Math.min(MOST_MS, FIRST_MS * 2 ** Math.max(0, tries - 1));
  return most / 2 + (random() * most) / 2;
}
