// Ids of messages: what the service asks of them, and that they sort as they were made.

import assert from "node:assert/strict";
import { test } from "node:test";
import { uuid7 } from "../src/core/uuid7.ts";

const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("an id is a UUID of version 7 that begins with the time", () => {
  const id = uuid7(0x0190_1234_5678, new Uint8Array(10));
  assert.match(id, SHAPE);
  assert.equal(id.slice(0, 13), "01901234-5678");
});

test("ids of one millisecond sort in the order in which they were made", () => {
  const now = 0x0190_ffff_0000;
  const made = Array.from({ length: 2000 }, () => uuid7(now));
  assert.deepEqual([...made].sort(), made);
  assert.equal(new Set(made).size, made.length);
  for (const id of made) assert.match(id, SHAPE);
});

test("ids sort behind earlier ones also after the clock went back", () => {
  const before = uuid7(0x0191_0000_0000);
  const after = uuid7(0x0190_0000_0000);
  assert.ok(after > before, `${after} should sort behind ${before}`);
});
