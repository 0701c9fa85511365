// Brings what waits to the server, one message after the other in the order of writing, each until it is acknowledged.

import { backoff } from "./backoff.ts";
import { passes } from "./http.ts";
import type { Outbox, Unsent } from "./outbox.ts";
import { type Problem, slugOf } from "./protocol.ts";

/** A server that takes longer to acknowledge is said to be away; when it takes that long, another line is tried. */
const SLOW_MS = 4_000;
const ACK_MS = 10_000;
/** The longest wait for a server that answers, but has no time for a message. */
const BUSY_MS = 5_000;

/** What became of a message: stored under a number, refused, or nobody knows. */
export type Outcome = { readonly seq: number } | { readonly problem: Problem } | "lost";

/** What the delivery tells of. */
export interface Told {
  /** Whether messages are taken just now. */
  taken(taken: boolean): void;
  sent(message: Unsent, seq: number): void;
  failed(message: Unsent, problem: Problem): void;
  /** Whether the conversation has ended, so that there is nothing to deliver to. */
  isOver(): boolean;
  /** It has: what waits goes into a new one. */
  over(): void;
}

export class Delivery {
  readonly #outbox: Outbox;
  readonly #told: Told;
  #busy = false;
  #awaited: { readonly id: string; readonly done: (outcome: Outcome) => void } | null = null;

  constructor(outbox: Outbox, told: Told) {
    this.#outbox = outbox;
    this.#told = told;
  }

  /** Deliver all that waits; nothing when that is being done. Throws what `deliver` throws. */
  async all(deliver: (message: Unsent) => Promise<Outcome>): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    let refusals = 0;
    try {
      for (let message = this.#outbox.next(); message; message = this.#outbox.next()) {
        if (this.#told.isOver()) return this.#told.over();
        const outcome = await deliver(message);
        if (outcome === "lost") return;
        if ("seq" in outcome) {
          refusals = 0;
          this.#told.taken(true);
          this.#outbox.remove(message.id);
          this.#told.sent(message, outcome.seq);
          continue;
        }
        const { problem } = outcome;
        if (slugOf(problem) === "conversation-ended") return this.#told.over();
        if (passes(problem.status)) {
          refusals += 1;
          if (problem.status !== 429 || refusals > 1) this.#told.taken(false);
          await pause((problem.retry_after_seconds ?? 0) * 1000 + Math.min(BUSY_MS, 2 * backoff(refusals)));
        } else {
          this.#outbox.remove(message.id);
          this.#told.failed(message, problem);
        }
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Send something and wait for what comes back about it; `giveUp` is called when nothing does. */
  expect(id: string, send: () => boolean, giveUp: () => void): Promise<Outcome> {
    return new Promise((resolve) => {
      const done = (outcome: Outcome) => {
        clearTimeout(slow);
        clearTimeout(late);
        this.#awaited = null;
        resolve(outcome);
      };
      const slow = setTimeout(() => this.#told.taken(false), SLOW_MS);
      const late = setTimeout(giveUp, ACK_MS);
      this.#awaited = { id, done };
      if (!send()) done("lost");
    });
  }

  /** Something came back about a message; `lost` is about whichever is waited for. */
  heard(id: string | undefined, outcome: Outcome): void {
    if (this.#awaited && (outcome === "lost" || this.#awaited.id === id || isUnreadable(id, outcome)))
      this.#awaited.done(outcome);
  }
}

/** A frame that the server could not read at all has no id for it; of ours only a message's text can do that. */
function isUnreadable(id: string | undefined, outcome: Outcome): boolean {
  return (
    id === undefined && typeof outcome === "object" && "problem" in outcome && slugOf(outcome.problem) === "malformed"
  );
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
