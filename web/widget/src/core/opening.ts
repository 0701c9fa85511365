// The view before there is a session: from the gateway within a second, else from the conversation service itself.

import type { Config } from "./config.ts";
import type { Emit, Events } from "./events.ts";
import { problemOf } from "./http.ts";
import type { Face, Opening } from "./protocol.ts";

type Refusal = Events["error"];

const GATEWAY_MS = 1_000;
const SERVICE_MS = 10_000;
const AGAIN_MS = 60_000;

/** What the hotel is called and looks like, as the launcher and the chat see it. */
export class Front {
  view: Opening | null = null;
  /** What is known of it by now. */
  face: Face;
  readonly language: string;
  readonly #config: Config;
  readonly #path: string;
  readonly #tell: Emit;
  #askedAt = 0;

  constructor(config: Config, language: string, tell: Emit, face: Face = {}) {
    this.face = face;
    this.language = language;
    this.#config = config;
    this.#path = `/widget/opening?hotel=${encodeURIComponent(config.hotel)}&language=${encodeURIComponent(language)}`;
    this.#tell = tell;
  }

  /** Ask; kept for a minute, unless it is asked for afresh. */
  async look(afresh = false): Promise<void> {
    if (!afresh && Date.now() - this.#askedAt < AGAIN_MS) return;
    this.#askedAt = Date.now();
    const found = await this.#ask();
    if ("hotel" in found) {
      this.view = found;
      this.face = found.hotel;
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

/**
 * `status` 0: nobody answered in time, or with something else than a view. An XMLHttpRequest: Chromium makes a script
 * context of its own for the first `fetch` of a page, and this call is made on every page (ADR 0016).
 */
function ask(url: string, limitMs: number): Promise<Opening | Refusal> {
  return new Promise<Opening | Refusal>((done) => {
    const request = new XMLHttpRequest();
    request.onloadend = () => {
      const { status, responseText } = request;
      const isOk = status >= 200 && status < 300;
      if (isOk) done(viewIn(responseText) ?? { status: 0, problem: null });
      else done({ status, problem: problemOf(responseText, status) });
    };
    request.open("GET", url);
    request.timeout = limitMs;
    request.send();
  }).catch(() => ({ status: 0, problem: null })); // what the tag says is no address
}

function viewIn(text: string): Opening | null {
  try {
    const view = JSON.parse(text) as Opening | null;
    return view?.hotel ? view : null;
  } catch {
    return null;
  }
}
