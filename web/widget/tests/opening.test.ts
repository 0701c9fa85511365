// What the hotel looks like: the gateway is asked first, and whatever it does the launcher is not kept waiting by it.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Front } from "../src/core/opening.ts";
import { Request } from "./request.ts";
import { CONFIG } from "./world.ts";

const GATEWAY = "https://gateway.example";
const VIEW = { hotel: { name: "Lindenhof", language: "de", brand: {}, consent_text: "" } };

let asked: string[] = [];
let told: unknown[] = [];

beforeEach(() => {
  asked = [];
  told = [];
  Object.assign(globalThis, { XMLHttpRequest: Request });
});

function front(answers: { readonly [origin: string]: () => Response | Promise<Response> }, gateway: string | null) {
  globalThis.fetch = async (url) => {
    const { origin } = new URL(String(url));
    asked.push(origin);
    return await (answers[origin] as () => Response)();
  };
  return new Front({ ...CONFIG, gateway }, "de", (event, detail) => told.push([event, detail]));
}

const away = () => Promise.reject(new TypeError("Failed to fetch"));
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

test("the gateway's view is taken, and not asked for again within a minute", async () => {
  const seen = front({ [GATEWAY]: () => json(VIEW) }, GATEWAY);
  await seen.look();
  await seen.look();
  assert.equal(seen.face.name, "Lindenhof");
  assert.deepEqual(asked, [GATEWAY]);
});

for (const [what, answer] of Object.entries({
  "is away": away,
  "is out of order": () => json({}, 503),
  "answers nonsense": () => json(null),
  "is somebody else": () => new Response("<!doctype html>"),
})) {
  test(`a gateway that ${what} leaves it to the conversation service`, async () => {
    const seen = front({ [GATEWAY]: answer, [CONFIG.origin]: () => json(VIEW) }, GATEWAY);
    await seen.look();
    assert.equal(seen.face.name, "Lindenhof");
    assert.deepEqual(asked, [GATEWAY, CONFIG.origin]);
    assert.deepEqual(told, []);
  });
}

test("a tag whose gateway is no address leaves it to the conversation service", async () => {
  const seen = front({ [CONFIG.origin]: () => json(VIEW) }, "https://[gateway");
  await seen.look();
  assert.equal(seen.face.name, "Lindenhof");
  assert.deepEqual(asked, [CONFIG.origin]);
});

test("a site that is not the hotel's is told once, by the first who is asked", async () => {
  const seen = front({ [GATEWAY]: () => json({ type: "urn:no", title: "No" }, 403) }, GATEWAY);
  await seen.look();
  assert.deepEqual(asked, [GATEWAY]);
  assert.deepEqual(told, [["error", { status: 403, problem: { type: "urn:no", title: "No", status: 403 } }]]);
});

test("where nobody answers nothing is told, and the next look asks again", async () => {
  const seen = front({ [CONFIG.origin]: away }, null);
  await seen.look();
  await seen.look();
  assert.deepEqual([seen.view, seen.face], [null, {}]);
  assert.deepEqual(asked, [CONFIG.origin, CONFIG.origin]);
  assert.deepEqual(told, []);
});

test("what the tag's file knew of the hotel holds until the view is there", async () => {
  let asks: () => Response = () => json({}, 503);
  globalThis.fetch = async () => asks();
  const seen = new Front({ ...CONFIG, gateway: null }, "de", () => undefined, { name: "Old name", brand: {} });
  await seen.look();
  assert.deepEqual([seen.view, seen.face.name], [null, "Old name"]);
  asks = () => json(VIEW);
  await seen.look();
  assert.equal(seen.face.name, "Lindenhof");
});
