// The guest's other tabs on the same site: told of what the server does not tell them.

export type Word =
  | { readonly say: "unsent" }
  | { readonly say: "sent"; readonly id: string; readonly text: string; readonly at: number; readonly seq: number }
  | { readonly say: "seen"; readonly seq: number }
  /** Session, conversation or settings in the storage are others now. */
  | { readonly say: "changed" };

export class Tabs {
  readonly #channel: BroadcastChannel | null;

  constructor(name: string, heard: (word: Word) => void) {
    this.#channel = typeof BroadcastChannel === "function" ? new BroadcastChannel(name) : null;
    if (this.#channel) this.#channel.onmessage = (event: MessageEvent<Word>) => heard(event.data);
  }

  tell(word: Word): void {
    this.#channel?.postMessage(word);
  }
}
