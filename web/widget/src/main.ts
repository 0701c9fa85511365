// Takes over from the loader: puts the widget on the page and the real functions behind `window.FrontDesk`.

import { Desk } from "./core/desk.ts";
import { Listeners } from "./core/events.ts";
import type { Details } from "./core/protocol.ts";
import { FrontDeskWidget, Place } from "./element.ts";
import type { Stub } from "./loader.ts";
import { chosen, Locale, plainTag } from "./locale/locale.ts";

/** How long the launcher waits for the hotel's colour, so that it need not change before the guest's eyes. */
const COLOUR_MS = 1_500;

function begin(stub: Stub): void {
  const config = stub.config;
  const asked = [config.language, ...navigator.languages, document.documentElement.lang];
  const locale = new Locale(chosen(asked));
  const listeners = new Listeners();
  const desk = new Desk(
    config,
    config.language ? plainTag(config.language) : locale.tag,
    listeners.emit.bind(listeners),
  );
  customElements.define("front-desk-widget", Place);
  const widget = new FrontDeskWidget(desk, locale, listeners);
  if (stub.theme) widget.element.dataset.theme = stub.theme;

  let shown = false;
  /** Put back what the page has taken off with all its body (Turbo, pjax). False when it is where it belongs. */
  const putBack = () => {
    if (!shown || widget.element.isConnected) return false;
    document.body.append(widget.element);
    return true;
  };
  const open = () => {
    putBack();
    widget.open();
  };
  const api = {
    open,
    close: () => widget.close(),
    toggle: () => (widget.isOpen && !putBack() ? widget.close() : open()),
    identify: (details: Details | null) => desk.identify(details),
    on: listeners.on.bind(listeners),
  };
  const queue = stub.queue.splice(0);
  Object.assign(stub, api, { putBack });
  for (const call of queue) {
    const done = (api[call.name] as (...given: unknown[]) => unknown)(...call.given);
    if (call.name === "on") call.off = done as () => void;
    if (call.gone) call.off?.();
  }

  const show = () => {
    if (shown) return;
    shown = true;
    document.body.append(widget.element);
    const known = desk.known;
    if (known !== "no") widget.resume();
    listeners.emit("ready", undefined);
    if (known === "talking" || desk.hasUnsent) desk.connect();
  };
  void desk.look().then(show);
  setTimeout(show, COLOUR_MS);
}

const stub = (window as { FrontDesk?: Stub }).FrontDesk;
if (stub?.queue && !customElements.get("front-desk-widget")) {
  if (document.body) begin(stub);
  else document.addEventListener("DOMContentLoaded", () => begin(stub));
}
