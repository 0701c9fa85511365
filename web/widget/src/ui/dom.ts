// Elements without markup strings: what guests, staff and hotels write only ever becomes text nodes and attributes.

export type Attributes = { readonly [name: string]: string | number | boolean | null | undefined };

/** An element with attributes (false and null leave one out, true sets it empty) and children. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) attribute(element, name, value);
  element.append(...children);
  return element;
}

/** Set an attribute, or take it away with false or null; left alone when it is so already. */
export function attribute(element: Element, name: string, value: Attributes[string]): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else {
    const text = value === true ? "" : String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
}

/** Change a text only when it is another, so that screen readers are not told of nothing. */
export function retext(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

const SHAPES = {
  chat: "M12 3.5c-5 0-9 3.4-9 7.7 0 2.4 1.2 4.5 3.2 5.9-.1 1.2-.6 2.3-1.4 3.2 1.7-.1 3.3-.7 4.6-1.7.8.2 1.7.3 2.6.3 5 0 9-3.4 9-7.7s-4-7.7-9-7.7ZM8 11.2h.01M12 11.2h.01M16 11.2h.01",
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

/** A drawn sign of 24 units; it says nothing to screen readers. */
export function icon(name: Icon): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** A button with an icon, named for everybody by its label. */
export function iconButton(name: Icon, attributes: Attributes): HTMLButtonElement {
  return h("button", { type: "button", ...attributes }, icon(name));
}
