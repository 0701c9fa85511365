// The guest's other tabs on the same site: told of what the server does not tell them.

export type Word =
  | { readonly say: "unsent" }
  | { readonly say: "sent"; readonly id: string; readonly text: string; readonly at: number; readonly seq: number }
  | { readonly say: "seen"; readonly seq: number }
  /** Session, conversation or settings in the storage are others now. */
  | { readonly say: "changed" };

export class Tabs {
  readonly #name: string;
  readonly #heard: (word: Word) => void;
  #channel: BroadcastChannel | null = null;

  constructor(name: string, heard: (word: Word) => void) {
    this.#name = name;
    this.#heard = heard;
  }

  /** Listen from here on. */
  join(): void {
    if (this.#channel || typeof BroadcastChannel !== "function") return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = (event: MessageEvent<Word>) => this.#heard(event.data);
  }

  tell(word: Word): void {
    this.join();
    this.#channel?.postMessage(word);
  }
}
