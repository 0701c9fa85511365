// Ids of messages (RFC 9562, version 7), made here so that sending again is harmless; later ones always sort behind.

let last = 0n;

/** A new id. Also ids of one millisecond, and after the clock went back, are in the order in which they were made. */
export function uuid7(now = Date.now(), random = randomBytes()): string {
  let bits = (BigInt(now) << 74n) | bitsOf(random);
  if (bits <= last) bits = last + 1n;
  last = bits;
  const time = bits >> 74n;
  const high = (bits >> 62n) & 0xfffn;
  const low = bits & 0x3fffffffffffffffn;
  const hex =
    time.toString(16).padStart(12, "0") + (0x7000n | high).toString(16) + (0x8000000000000000n | low).toString(16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function randomBytes(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(10));
}

/** 74 random bits; the first is left clear so that counting up from a start has room. */
function bitsOf(bytes: Uint8Array): bigint {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  return bits & ((1n << 73n) - 1n);
}
