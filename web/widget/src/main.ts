// The chat: moves in behind the launcher that the loader has drawn, and puts the real functions behind `window.FrontDesk`.

import { takeSaid } from "./core/before.ts";
import { Desk } from "./core/desk.ts";
import type { Details } from "./core/protocol.ts";
import { FrontDeskWidget } from "./element.ts";
import type { Stub } from "./loader.ts";
import { Locale } from "./locale/locale.ts";

function begin(stub: Stub): void {
  const { config, front, launcher, listeners } = stub;
  const locale = new Locale(stub.language);
  const desk = new Desk(config, front, listeners.emit.bind(listeners));
  const widget = new FrontDeskWidget(desk, locale, listeners, launcher);

  let isElsewhere = false;
  const open = () => {
    stub.putBack();
    widget.open(isElsewhere);
  };
  const api = {
    open,
    close: () => widget.close(),
    toggle: () => (widget.isOpen && !stub.putBack() ? widget.close() : open()),
    identify: (details: Details | null) => desk.identify(details),
  };
  Object.assign(stub, api);
  launcher.busy(false);
  const queue = stub.queue.splice(0);
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

  void stub.shown.then(() => {
    const known = desk.known;
    if (known !== "no") widget.resume();
    if (known === "talking" || desk.hasUnsent) desk.connect();
  });
}

const stub = (window as { FrontDesk?: Stub }).FrontDesk;
if (stub?.launcher && stub.queue) begin(stub);
