// The view before there is a session: from the gateway within a second, else from the conversation service itself.

import type { Config } from "./config.ts";
import type { Emit, Events } from "./events.ts";
import { problemOf } from "./http.ts";
import type { Hotel, Opening } from "./protocol.ts";

type Refusal = Events["error"];

const GATEWAY_MS = 1_000;
const SERVICE_MS = 10_000;
const AGAIN_MS = 60_000;

/** What the hotel is called and looks like, as the launcher and the chat see it. */
export class Front {
  view: Opening | null = null;
  readonly language: string;
  readonly #config: Config;
  readonly #path: string;
  readonly #tell: Emit;
  #askedAt = 0;

  constructor(config: Config, language: string, tell: Emit) {
    this.language = language;
    this.#config = config;
    this.#path = `/widget/opening?hotel=${encodeURIComponent(config.hotel)}&language=${encodeURIComponent(language)}`;
    this.#tell = tell;
  }

  get hotel(): Hotel | null {
    return this.view?.hotel ?? null;
  }

  /** Ask; kept for a minute, unless it is asked for afresh. */
  async look(afresh = false): Promise<void> {
    if (!afresh && Date.now() - this.#askedAt < AGAIN_MS) return;
    this.#askedAt = Date.now();
    const found = await this.#ask();
    if ("hotel" in found) {
      this.view = found;
      return;
    }
    this.#askedAt = 0;
    // Not every conversation service has the view; what counts is whether a session is refused.
    if (found.status === 403 || found.status === 404) this.#tell("error", found);
  }

  async #ask(): Promise<Opening | Refusal> {
    const { gateway, origin } = this.#config;
    const found = gateway ? await ask(gateway + this.#path, GATEWAY_MS) : null;
    // 403: this site is not the hotel's, and the other one would say the same.
    return found && ("hotel" in found || found.status === 403) ? found : ask(origin + this.#path, SERVICE_MS);
  }
}

/** `status` 0: nobody answered, or not in time. */
async function ask(url: string, limitMs: number): Promise<Opening | Refusal> {
  try {
    const answer = await fetch(url, {
      headers: { Accept: "application/json" },
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await answer.text();
    if (!answer.ok) return { status: answer.status, problem: problemOf(text, answer.status) };
    const view = JSON.parse(text) as Opening | null;
    if (view?.hotel) return view;
  } catch {
    // As when what came is no view.
  }
  return { status: 0, problem: null };
}
