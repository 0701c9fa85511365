// The guest's other tabs on the same site: told of what the server does not tell them.

export type Word =
  | { readonly say: "unsent" }
  | { readonly say: "sent"; readonly id: string; readonly text: string; readonly at: number; readonly seq: number }
  | { readonly say: "seen"; readonly seq: number }
  /** Session, conversation or settings in the storage are others now. */
  | { readonly say: "changed" }
  /** Another guest sits here now. */
  | { readonly say: "forgotten" };

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
    try {
      this.#channel = new BroadcastChannel(this.#name);
      this.#channel.onmessage = (event: MessageEvent<Word>) => this.#heard(event.data);
    } catch {
      // Where storage is refused this may be too: then the tabs don't know of each other.
    }
  }

  tell(word: Word): void {
    this.join();
    this.#channel?.postMessage(word);
  }
}
