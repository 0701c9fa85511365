// What was said, in order and once, whichever way it came: live, fetched, acknowledged, or still unsent. Pure.

import type { Unsent } from "./outbox.ts";
import type { Message } from "./protocol.ts";

/** Of the guest's own messages: on its way, not on its way yet, stored, read, refused. */
export type Delivery = "sending" | "waiting" | "sent" | "read" | "failed";

/** One thing on the screen. */
export interface Entry {
  readonly id: string;
  readonly message: Message;
  /** Of the guest's own; null for everything else. */
  readonly delivery: Delivery | null;
}

interface Part {
  readonly id: string;
  readonly said: Message[];
  /** Acknowledged, but not come back from the server yet: shown, not counted as received. */
  readonly provisional: Set<string>;
  /** The last number that the desk has read. */
  read: number;
}

export class Thread {
  #parts: Part[] = [];

  /** The conversation that goes on, or ended last. */
  get current(): string | null {
    return this.#parts.at(-1)?.id ?? null;
  }

  /** From here on this conversation; what was said in earlier ones stays above it. */
  begin(id: string): void {
    if (this.current !== id) this.#parts.push({ id, said: [], provisional: new Set(), read: 0 });
  }

  /** The last number up to which nothing is missing: where to go on after a lost connection. */
  get receivedSeq(): number {
    const part = this.#parts.at(-1);
    let seq = 0;
    for (const message of part?.said ?? []) {
      if (message.seq !== seq + 1 || part?.provisional.has(message.id)) break;
      seq = message.seq;
    }
    return seq;
  }

  /** A stored message. False when it was there already. */
  receive(message: Message): boolean {
    const part = this.#parts.find((one) => one.id === message.conversation_id);
    if (!part) return false;
    const at = part.said.findIndex((one) => one.seq >= message.seq);
    const there = part.said[at];
    if (there?.seq === message.seq) {
      const isNew = part.provisional.delete(there.id);
      if (isNew) part.said[at] = message;
      return isNew;
    }
    part.said.splice(at < 0 ? part.said.length : at, 0, message);
    return true;
  }

  /** The desk has read up to here. */
  readByDesk(id: string, seq: number): void {
    const part = this.#parts.find((one) => one.id === id);
    if (part) part.read = Math.max(part.read, seq);
  }

  /** A message of ours is stored as number `seq`. */
  acknowledge(sent: Unsent, seq: number): void {
    const part = this.#parts.at(-1);
    if (!part || part.said.some((one) => one.id === sent.id)) return;
    const message: Message = {
      id: sent.id,
      conversation_id: part.id,
      seq,
      sender: "guest",
      text: sent.text,
      sent_at: new Date(sent.at).toISOString(),
    };
    if (this.receive(message)) part.provisional.add(sent.id);
  }

  /** Everything to show, oldest first. */
  entries(unsent: readonly Unsent[], online: boolean, failed: ReadonlySet<string>): Entry[] {
    const shown: Entry[] = [];
    const known = new Set<string>();
    for (const part of this.#parts) {
      for (const message of part.said) {
        known.add(message.id);
        shown.push({ id: message.id, message, delivery: message.sender === "guest" ? tick(message, part.read) : null });
      }
    }
    for (const one of unsent) {
      if (known.has(one.id)) continue;
      const message: Message = {
        id: one.id,
        conversation_id: "",
        seq: 0,
        sender: "guest",
        text: one.text,
        sent_at: new Date(one.at).toISOString(),
      };
      shown.push({ id: one.id, message, delivery: failed.has(one.id) ? "failed" : online ? "sending" : "waiting" });
    }
    return shown;
  }

  /** How many messages after `seq` of the conversation that goes on are for the guest to read. */
  unread(seq: number): number {
    const said = this.#parts.at(-1)?.said ?? [];
    return said.filter((one) => one.seq > seq && (one.sender === "ai" || one.sender === "staff")).length;
  }
}

function tick(message: Message, readByDesk: number): Delivery {
  return message.seq <= readByDesk ? "read" : "sent";
}
