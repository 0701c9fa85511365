// Who the guest is: a token of the conversation service, renewed before it expires and shared by all tabs.

import type { Config } from "./config.ts";
import { call, Refused } from "./http.ts";
import type { Details, Hotel, SessionAnswer } from "./protocol.ts";
import type { Notebook, Shapes } from "./storage.ts";

const HOUR_MS = 3_600_000;
/** With less than this left a token is renewed, so that whoever comes back within a day is still the same guest. */
const RENEW_MS = 18 * HOUR_MS;

/** What is kept between pages. */
export interface Kept {
  token: string;
  guest: string;
  /** When the token ends by this device's clock, milliseconds. */
  expires: number;
  conversation: string;
  identity: Details;
  /** `identity` as the server was last told. */
  told: string;
  sound: boolean;
  /** The last message the guest has seen of `conversation`. */
  seen: number;
}

/** Anybody on the page can write there: what can't be right is as good as not there. */
export const SHAPES: Shapes<Kept> = {
  token: (value) => typeof value === "string" && /^[\w.~+/-]+=*$/.test(value),
  expires: Number.isFinite,
  conversation: (value) => typeof value === "string" && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value),
  seen: Number.isInteger,
};

export class Session {
  hotel: Hotel | null = null;
  readonly #config: Config;
  readonly #kept: Notebook<Kept>;
  readonly #language: string;
  readonly #name: string;
  #opening: Promise<void> | null = null;

  constructor(config: Config, kept: Notebook<Kept>, language: string, name: string) {
    this.#config = config;
    this.#kept = kept;
    this.#language = language;
    this.#name = name;
  }

  /** A token that still holds, if there is one. */
  get token(): string | null {
    const { token, expires = 0 } = this.#kept.read();
    return token && expires > Date.now() ? token : null;
  }

  /** A token that holds. One session is opened, however many ask, also in other tabs. */
  async ready(): Promise<string> {
    if (!this.token) await this.#open();
    const token = this.token;
    if (!token) throw new Refused(0, null);
    await this.#tell(token);
    return token;
  }

  /** Renew a token that has not long to go; a failure is no matter while the old one holds. */
  async keepFresh(): Promise<void> {
    const { expires = 0 } = this.#kept.read();
    if (this.token && expires - Date.now() < RENEW_MS) await this.#open(true).catch(() => undefined);
  }

  /** The server does not know the token any more. */
  expired(token: string): void {
    if (this.#kept.read().token === token) this.#kept.patch({ expires: 0 });
  }

  /** Another guest from here on. */
  forget(): void {
    this.#kept.patch({
      token: undefined,
      guest: undefined,
      expires: undefined,
      conversation: undefined,
      identity: undefined,
      told: undefined,
      seen: undefined,
    });
  }

  #open(renew = false): Promise<void> {
    this.#opening ??= exclusively(this.#name, () => this.#ask(renew)).finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #ask(renew: boolean): Promise<void> {
    const before = this.#kept.read();
    if (!renew && this.token) return; // another tab was quicker
    const answer = await call<SessionAnswer>(`${this.#config.origin}/widget/sessions`, {
      method: "POST",
      token: before.token ?? null,
      body: { hotel: this.#config.hotel, language: this.#language },
    });
    this.hotel = answer.hotel;
    if (this.#kept.read().token !== before.token) return; // another guest sits here by now
    const same = answer.guest_id === before.guest;
    this.#kept.patch({
      token: answer.token,
      guest: answer.guest_id,
      expires: Date.now() + lifetimeMs(answer),
      ...(same ? {} : { conversation: undefined, seen: undefined, told: undefined }),
    });
  }

  /** What the page said of the guest, once. Not being told is no reason not to talk. */
  async #tell(token: string): Promise<void> {
    const { identity, told } = this.#kept.read();
    const { id: _, ...body } = identity ?? {};
    const saying = JSON.stringify(body);
    if (saying === "{}" || saying === told) return;
    try {
      await call(`${this.#config.origin}/widget/identify`, { method: "POST", token, body });
    } catch (error) {
      if (!(error instanceof Refused) || error.isPassing) return;
    }
    if (this.token === token) this.#kept.patch({ told: saying });
  }
}

/** How long a token holds. When it ends is told by the server's clock, which the device's may be far from: what counts is
 * how long after it was issued (RFC 7519, 4.1). */
function lifetimeMs({ token, expires_at }: SessionAnswer): number {
  try {
    const claims = JSON.parse(atob((token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/")));
    const ms = (claims.exp - claims.iat) * 1000;
    if (ms > 0) return ms;
  } catch {
    // No token of that kind.
  }
  return Date.parse(expires_at) - Date.now();
}

/** One tab at a time, where the browser has locks and lets the page use them: without storage (a sandboxed frame) not. */
async function exclusively(name: string, work: () => Promise<void>): Promise<void> {
  let begun = false;
  try {
    await navigator.locks.request(name, () => {
      begun = true;
      return work();
    });
  } catch (error) {
    if (begun) throw error;
    await work();
  }
}
