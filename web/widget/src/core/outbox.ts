// What the guest wrote and no server has acknowledged: kept until it is, whatever happens to the page or the line.
// Each message has a key of its own, because two tabs that rewrite one list would lose each other's.

import type { Keep } from "./storage.ts";
import { uuid7 } from "./uuid7.ts";

export interface Unsent {
  readonly id: string;
  readonly text: string;
  /** When it was written, milliseconds. */
  readonly at: number;
}

/** Another tab's message is sent by this one only when it has waited this long: that tab may be gone. */
export const OTHERS_WAIT_MS = 10_000;

export class Outbox {
  readonly #keep: Keep;
  readonly #prefix: string;
  readonly #own = new Map<string, Unsent>();
  readonly #done = new Set<string>();

  constructor(keep: Keep, prefix: string) {
    this.#keep = keep;
    this.#prefix = prefix;
  }

  /** What is there when a page begins was left by an earlier page: this one sees to it. */
  adopt(): void {
    for (const message of this.all()) this.#own.set(message.id, message);
  }

  /** Keep a new message. */
  add(text: string, now = Date.now()): Unsent {
    const message: Unsent = { id: uuid7(now), text: wellFormed(text), at: now };
    this.#own.set(message.id, message);
    this.#keep.set(this.#prefix + message.id, JSON.stringify(message));
    return message;
  }

  /** A server has it. */
  remove(id: string): void {
    this.#own.delete(id);
    this.#done.add(id);
    this.#keep.remove(this.#prefix + id);
  }

  /** All that waits, of every tab, in the order it was written. */
  all(): Unsent[] {
    const found = new Map(this.#own);
    for (const key of this.#keep.keys(this.#prefix)) {
      const message = parse(this.#keep.get(key));
      if (message && key === this.#prefix + message.id && !this.#done.has(message.id)) found.set(message.id, message);
    }
    return [...found.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /**
   * What this tab is to send now. Before a message of its own go those that other tabs wrote earlier, for the order's
   * sake: that they send them too does no harm.
   */
  next(now = Date.now()): Unsent | null {
    const all = this.all();
    const urgent = all.some((one) => this.#own.has(one.id) || now - one.at >= OTHERS_WAIT_MS);
    return urgent ? (all[0] ?? null) : null;
  }

  /** Forget everything: another guest sits here now. */
  clear(): void {
    for (const message of this.all()) this.remove(message.id);
  }

  /** Another tab has done so: what this one has beside the storage goes too. */
  disown(): void {
    this.#own.clear();
  }
}

function parse(kept: string | null): Unsent | null {
  try {
    const message = JSON.parse(kept ?? "null") as Unsent | null;
    if (typeof message?.id !== "string" || typeof message.text !== "string" || !isTime(message.at)) return null;
    return { id: message.id, text: wellFormed(message.text), at: message.at };
  } catch {
    return null;
  }
}

function isTime(at: unknown): boolean {
  return typeof at === "number" && !Number.isNaN(new Date(at).getTime());
}

/** Without half characters, which no server reads (`toWellFormed`, which Firefox has since 119). */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
