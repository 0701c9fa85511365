// The hotel's colour, and what can be read on it.

const COLOUR = /^#[0-9a-f]{6}$/i;

/** Black or white, whichever stands out more on the colour (WCAG 2.2, contrast ratio). */
export function readableOn(colour: string): string {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => linear(Number.parseInt(colour.slice(at, at + 2), 16) / 255));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.0615 ? "#ffffff" : "#111111";
}

/** The brand's colour and the one to write on it with; two empty texts for what is no colour. */
export function brandOf(colour: string | undefined): readonly [string, string] {
  return colour && COLOUR.test(colour) ? [colour, readableOn(colour)] : ["", ""];
}

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}
