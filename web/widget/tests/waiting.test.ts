// How long the widget waits before it tries again, and how it reads what a server asks for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "../src/core/backoff.ts";
import { Refused, retryAfter } from "../src/core/http.ts";
import { readableOn } from "../src/ui/colours.ts";

test("each wait is up to twice the one before, never over 15 s, and never the same for everybody", () => {
  assert.deepEqual(
    [1, 2, 3, 6, 50].map((tries) => backoff(tries, () => 1)),
    [500, 1000, 2000, 15_000, 15_000],
  );
  assert.deepEqual(
    [1, 2, 50].map((tries) => backoff(tries, () => 0)),
    [250, 500, 7500],
  );
});

test("a server is left alone for the seconds that it asks for", () => {
  assert.equal(retryAfter("3"), 3000);
  assert.equal(retryAfter("100000"), 120_000);
  assert.equal(retryAfter(null), null);
  assert.equal(retryAfter("Wed, 21 Oct 2026 07:28:00 GMT"), null);
});

test("only what may pass by itself is tried again", () => {
  const passing = [0, 408, 429, 500, 502, 503, 504];
  for (const status of passing) assert.ok(new Refused(status, null).isPassing, String(status));
  for (const status of [400, 401, 403, 404, 409, 422]) assert.ok(!new Refused(status, null).isPassing, String(status));
});

test("what stands on the hotel's colour can be read", () => {
  assert.equal(readableOn("#2f5d3a"), "#ffffff");
  assert.equal(readableOn("#ffd84d"), "#111111");
});
