// The signs in the open chat.

import { type Attributes, drawing, h } from "./dom.ts";

const SHAPES = {
  down: "m6 9.5 6 6 6-6",
  close: "m6.5 6.5 11 11m0-11-11 11",
  send: "M12 19V5m-6 6 6-6 6 6",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15L6 16.5ZM10 20.5h4",
  mute: "M6 16.5V11a6 6 0 0 1 9.5-4.9M18 10.5v6l1.5 1.5h-13M10 20.5h4M4 4l16 16",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 4v4.5l3 1.5",
  one: "m5 12.5 4.5 4.5L19 7.5",
  two: "m2 12.5 4.5 4.5L16 7.5m-5.5 8 1.5 1.5 9.5-9.5",
  alert: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16Zm0 4v5m0 3h.01",
  book: "M5 5.5A2 2 0 0 1 7 4h12v13H7a2 2 0 0 0-2 2V5.5ZM5 19a2 2 0 0 0 2 1.5h12V17",
} as const;

export type Icon = keyof typeof SHAPES;

/** A sign; it says nothing to screen readers. */
export function icon(name: Icon): SVGSVGElement {
  return drawing(SHAPES[name]);
}

/** A button with an icon, named for everybody by its label. */
export function iconButton(name: Icon, attributes: Attributes): HTMLButtonElement {
  return h("button", { type: "button", ...attributes }, icon(name));
}
