// The page's listeners: `FrontDesk.on(event, fn)`. One that throws harms neither the widget nor the others.

import type { Conversation, Message, Problem } from "./protocol.ts";

export interface Events {
  ready: undefined;
  open: undefined;
  close: undefined;
  message: Message;
  unread: number;
  state: Conversation;
  error: { readonly status: number; readonly problem: Problem | null };
}

export type Emit = <K extends keyof Events>(event: K, detail: Events[K]) => void;

type Listener = (detail: never) => void;

export class Listeners {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Hear of something; the answer ends it. */
  on<K extends keyof Events>(event: K, listener: (detail: Events[K]) => void): () => void {
    const those = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, those.add(listener));
    return () => those.delete(listener);
  }

  emit<K extends keyof Events>(event: K, detail: Events[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (detail: Events[K]) => void)(detail);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
