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

/** A drawing of 24 units; it says nothing to screen readers. */
export function drawing(d: string): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", d);
  svg.append(path);
  return svg;
}

/** Sheets made by script need no permission of the page's policy for inline styles. */
export function sheetOf(text: string): CSSStyleSheet {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}
