// The one script tag of a page: reads what the tag says, offers `window.FrontDesk` at once, fetches the widget itself.

import type { Config } from "./core/config.ts";

declare const ASSET: string;
declare const INTEGRITY: string;

export interface Queued {
  readonly name: "open" | "close" | "toggle" | "identify" | "on";
  readonly given: unknown[];
  off?: () => void;
  gone?: boolean;
}

/** `window.FrontDesk` until the widget is there: what the page asks for is done then. */
export interface Stub {
  readonly config: Config;
  readonly theme: string | null;
  readonly queue: Queued[];
  /** There once the widget is. */
  readonly putBack?: () => void;
}

const page = window as { FrontDesk?: Stub; trustedTypes?: { createPolicy(name: string, rules: object): Policy } };
type Policy = { createScriptURL(url: string): string };

const tag = (document.currentScript ?? document.querySelector("script[data-hotel]")) as HTMLScriptElement | null;

if (!page.FrontDesk && tag?.dataset.hotel) load(tag, tag.dataset.hotel);
else if (page.FrontDesk?.config?.hotel === tag?.dataset.hotel) page.FrontDesk?.putBack?.();

function load(script: HTMLScriptElement, hotel: string): void {
  const { origin } = new URL(script.src);
  const { gateway, language, position, theme } = script.dataset;
  const queue: Queued[] = [];
  const later =
    (name: Queued["name"]) =>
    (...given: unknown[]) => {
      const call: Queued = { name, given };
      queue.push(call);
      return () => {
        call.gone = true;
        call.off?.();
      };
    };
  const config: Config = {
    hotel,
    origin,
    gateway: gateway ? gateway.replace(/\/+$/, "") : null,
    language: language || null,
    position: position === "start" ? "start" : "end",
  };
  const calls = {
    open: later("open"),
    close: later("close"),
    toggle: later("toggle"),
    identify: later("identify"),
    on: later("on"),
  };
  page.FrontDesk = { config, theme: theme ?? null, queue, ...calls };
  let url = `${origin}/widget/assets/${ASSET}`;
  try {
    // Pages with `require-trusted-types-for 'script'` allow the policy by name: `trusted-types frontdesk`.
    const policy = page.trustedTypes?.createPolicy("frontdesk", { createScriptURL: (it: string) => it });
    if (policy) url = policy.createScriptURL(url);
  } catch {
    // The page's policy does not know ours: then plain text is accepted, or it is not to be.
  }
  fetchMain(url, script.nonce, 1);
}

/** Again after 2, 4, 8 ... s when it does not come, five times. */
function fetchMain(url: string, nonce: string, tries: number): void {
  const main = document.createElement("script");
  main.async = true;
  main.src = url;
  main.integrity = INTEGRITY;
  main.crossOrigin = "anonymous";
  main.nonce = nonce;
  main.onerror = () => {
    main.remove();
    if (tries < 6) setTimeout(() => fetchMain(url, nonce, tries + 1), 1000 * 2 ** tries);
  };
  document.head.append(main);
}
