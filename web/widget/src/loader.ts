// The one script tag of a page: reads what the tag says, offers `window.FrontDesk` at once and draws the launcher. The
// chat itself is fetched when it is needed.

import { goesOn, keepSaid } from "./core/before.ts";
import type { Config } from "./core/config.ts";
import { Listeners } from "./core/events.ts";
import { Front } from "./core/opening.ts";
import type { Face } from "./core/protocol.ts";
import { Launcher, Place } from "./launcher.ts";
import { CLOSED } from "./locale/closed.ts";
import { base, chosen, direction, plainTag } from "./locale/tag.ts";
import { restFrom } from "./rest.ts";

/** The hotel that the tag's address names, if it does: the service puts its name and colour in the place of these words. */
declare const HOTEL: Face;

/** How long the launcher waits for the hotel's colour, so that it need not change before the guest's eyes. */
const COLOUR_MS = 1_500;
/** What only somebody who is at the page does. */
const SIGNS = ["pointermove", "pointerdown", "keydown"];

export interface Queued {
  readonly name: "open" | "close" | "toggle" | "identify";
  readonly given: unknown[];
  /** What had the focus then. */
  readonly at: Element | null;
}

/** `window.FrontDesk` until the chat is there: what the page asks for is done then. */
export interface Early {
  readonly config: Config;
  /** The tag of the language that is spoken, as the browser has it. */
  readonly language: string;
  readonly launcher: Launcher;
  readonly listeners: Listeners;
  readonly front: Front;
  readonly queue: Queued[];
  /** Done when the launcher is on the page. */
  readonly shown: Promise<void>;
  /** Put back what the page has taken off with all its body (Turbo, pjax). False when it is where it belongs. */
  putBack(): boolean;
}

const page = window as { FrontDesk?: Early };
const tag = (document.currentScript ?? document.querySelector("script[data-hotel]")) as HTMLScriptElement | null;

if (!page.FrontDesk && tag?.dataset.hotel) load(tag, tag.dataset.hotel);
else if (page.FrontDesk?.config?.hotel === tag?.dataset.hotel) page.FrontDesk?.putBack?.();

function load(script: HTMLScriptElement, hotel: string): void {
  const { origin } = new URL(script.src);
  const { gateway, language: wanted, position, theme } = script.dataset;
  const name = `frontdesk:${origin}:${hotel}`;
  const config: Config = {
    name,
    hotel,
    origin,
    gateway: gateway ? gateway.replace(/\/+$/, "") : null,
    language: wanted || null,
    position: position === "start" ? "start" : "end",
  };
  const language = chosen([config.language, ...navigator.languages, document.documentElement.lang]);
  customElements.define("front-desk-widget", Place);
  const launcher = new Launcher(CLOSED[base(language)] as (typeof CLOSED)[string], {
    lang: plainTag(language),
    dir: direction(language),
    position: config.position,
  });
  if (theme) launcher.element.dataset.theme = theme;

  const listeners = new Listeners();
  const front = new Front(config, plainTag(config.language ?? language), listeners.emit.bind(listeners), HOTEL);
  const queue: Queued[] = [];
  const rest = restFrom(origin, script.nonce, () => {
    queue.length = 0; // nobody waits for a chat that opens minutes later; what was said of the guest is kept
    launcher.busy(false);
    listeners.emit("error", { status: 0, problem: null });
  });
  const later =
    (asked: Queued["name"]) =>
    (...given: unknown[]): void => {
      queue.push({ name: asked, given, at: document.activeElement });
      if (asked === "close") return; // nothing that would have to be there for it
      if (asked === "identify") keepSaid(name, given[0]);
      else launcher.busy(true);
      rest.need();
    };
  const open = later("open");
  launcher.button.onclick = () => open(); // the second one finds it open
  launcher.button.onpointerenter = launcher.button.onfocus = () => rest.need();

  let isShown = false;
  let shown: () => void = () => undefined;
  const putBack = () => {
    if (!isShown || launcher.element.isConnected) return false;
    document.body.append(launcher.element);
    return true;
  };
  const show = () => {
    if (isShown) return;
    if (!document.body) {
      document.addEventListener("DOMContentLoaded", show);
      return;
    }
    isShown = true;
    clearTimeout(latest);
    putBack();
    listeners.emit("ready", undefined);
    shown();
  };
  const early: Early = {
    config,
    language,
    launcher,
    listeners,
    front,
    queue,
    shown: new Promise((resolve) => {
      shown = resolve;
    }),
    putBack,
  };
  page.FrontDesk = Object.assign(early, {
    open,
    close: later("close"),
    toggle: later("toggle"),
    identify: later("identify"),
    on: listeners.on.bind(listeners),
  });

  const isKnown = front.face.name;
  const latest = setTimeout(show, isKnown ? 0 : COLOUR_MS); // never at once: who listens for `ready` comes after this file
  launcher.draw(front.face);
  if (!isKnown)
    void front.look().then(() => {
      launcher.draw(front.face);
      show();
    });

  if (goesOn(name)) rest.need();
  const heard = ({ type, movementX, movementY }: Partial<MouseEvent>) => {
    // The page has its own to do; and a resting pointer over a new page is told as one that moves nowhere.
    if (document.readyState !== "complete" || (type === SIGNS[0] && !movementX && !movementY)) return;
    for (const sign of SIGNS) removeEventListener(sign, heard, true);
    setTimeout(rest.layBy);
  };
  for (const sign of SIGNS) addEventListener(sign, heard, true);
}
