// The view before there is a session: from the gateway within a second, else from the conversation service itself.

import type { Config } from "./config.ts";
import { call, Refused } from "./http.ts";
import type { Opening } from "./protocol.ts";

const GATEWAY_MS = 1_000;

/** What the hotel is called and looks like. Throws Refused when the conversation service does not say either. */
export async function openingView(config: Config, language: string): Promise<Opening> {
  const path = `/widget/opening?hotel=${encodeURIComponent(config.hotel)}&language=${encodeURIComponent(language)}`;
  if (config.gateway) {
    try {
      return await call<Opening>(config.gateway + path, { limitMs: GATEWAY_MS });
    } catch (error) {
      // The hotel is unknown, or this site is not the hotel's: the other one would say the same.
      if (error instanceof Refused && error.status === 403) throw error;
    }
  }
  return await call<Opening>(config.origin + path);
}
