// A message's text as plain parts: words and links. Nothing in it ever becomes markup.

export type Part = { readonly text: string; readonly href?: string };

// Only these schemes are made clickable; javascript:, data: and the like stay text.
const LINK =
  /(https?:\/\/[^\s<>"'`{}|\\^]+)|((?:mailto:)?[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w@]))|(tel:\+?[\d().-]{4,}\d)|(?<![\w+])(\+\d[\d ().\-/\u00a0]{6,16}\d)(?!\w)/giu;
const TRAILING = /[.,;:!?)\]}»”’'"、。，；：！？）】》]+$/u;

/** The parts of a text, in order; joined they are the text again. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const [found, web, mail, tel] = match;
    const link = web ? trimmed(found) : found;
    const href = web ? webAddress(link) : mail ? mailAddress(link) : telAddress(tel ?? found);
    if (!href) continue;
    if (match.index > from) parts.push({ text: text.slice(from, match.index) });
    parts.push({ text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** Without the sentence's own punctuation; a closing bracket stays when it was opened inside. */
function trimmed(link: string): string {
  let kept = link.replace(TRAILING, "");
  const opened = kept.split("(").length - kept.split(")").length;
  if (opened > 0 && link[kept.length] === ")") kept += ")".repeat(opened);
  return kept;
}

function webAddress(link: string): string | null {
  try {
    const url = new URL(link);
    // A user part (https://hotel.example@evil.example) makes an address look like another's.
    return (url.protocol === "https:" || url.protocol === "http:") && !url.username && url.hostname ? url.href : null;
  } catch {
    return null;
  }
}

function mailAddress(link: string): string {
  return link.toLowerCase().startsWith("mailto:") ? link : `mailto:${link}`;
}

function telAddress(found: string): string | null {
  const digits = found.replace(/[^\d+]/g, "");
  return digits.length >= 7 && digits.length <= 16 ? `tel:${digits}` : null;
}
