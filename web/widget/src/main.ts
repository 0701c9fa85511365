// The chat: moves in behind the launcher that the loader has drawn, and puts the real functions behind `window.FrontDesk`.

import { takeSaid } from "./core/before.ts";
import { Desk } from "./core/desk.ts";
import type { Details } from "./core/protocol.ts";
import { FrontDeskWidget } from "./element.ts";
import type { Early } from "./loader.ts";
import { Locale } from "./locale/locale.ts";

function begin(early: Early): void {
  const { config, front, launcher, listeners } = early;
  const locale = new Locale(early.language);
  const desk = new Desk(config, front, listeners.emit.bind(listeners));
  const widget = new FrontDeskWidget(desk, locale, listeners, launcher);

  let isElsewhere = false;
  const open = () => {
    early.putBack();
    widget.open(isElsewhere);
  };
  const api = {
    open,
    close: () => widget.close(),
    toggle: () => (widget.isOpen && !early.putBack() ? widget.close() : open()),
    identify: (details: Details | null) => desk.identify(details),
  };
  Object.assign(early, api);
  void desk.look(); // so that it is there when the chat is opened
  launcher.busy(false);
  const queue = early.queue.splice(0);
  const given = takeSaid(config.name);
  const at = document.activeElement;
  if (given.length) queue.unshift({ name: "identify", given, at }); // maybe by an earlier page, which left too soon
  for (const call of queue) {
    isElsewhere = call.at !== at; // whoever went on to something else meanwhile keeps the focus there
    try {
      (api[call.name] as (...given: unknown[]) => unknown)(...call.given);
    } catch (error) {
      console.error(error);
    }
  }
  isElsewhere = false;

  void early.shown.then(() => {
    const known = desk.known;
    if (known !== "no") widget.resume();
    if (known === "talking" || desk.hasUnsent) desk.connect();
  });
}

const early = (window as { FrontDesk?: Early }).FrontDesk;
if (early?.launcher && early.queue) begin(early);
