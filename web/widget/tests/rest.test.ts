// Fetching the chat: tried six times in a minute, counted anew whenever somebody asks.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

Object.assign(globalThis, { window: {}, ASSET: "frontdesk.0.js", INTEGRITY: "sha384-0" });
const { restFrom } = await import("../src/rest.ts");

interface Script {
  src: string;
  onerror: () => void;
}

let asked: Script[] = [];
let gaveUp = 0;

beforeEach(() => {
  asked = [];
  gaveUp = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  Object.assign(globalThis, {
    document: {
      createElement: () => ({ remove: () => undefined }),
      head: { append: (script: Script) => asked.push(script) },
    },
  });
});

function rest() {
  return restFrom("https://desk.example", "", () => {
    gaveUp += 1;
  });
}

const fails = () => asked.at(-1)?.onerror();

test("it is fetched once, however many ask", () => {
  const chat = rest();
  chat.need();
  chat.need();
  assert.deepEqual(
    asked.map((script) => script.src),
    ["https://desk.example/widget/assets/frontdesk.0.js"],
  );
});

test("what does not come is asked for again, six times in all, and then given up", () => {
  rest().need();
  for (const seconds of [2, 4, 8, 16, 32]) {
    fails();
    assert.equal(gaveUp, 0);
    mock.timers.tick(seconds * 1000);
  }
  assert.equal(asked.length, 6);
  fails();
  assert.equal(gaveUp, 1);
});

test("who asks while it is away is not given up sooner for those who asked before", () => {
  const chat = rest();
  chat.need();
  for (const seconds of [2, 4, 8, 16]) {
    fails();
    mock.timers.tick(seconds * 1000);
  }
  fails();
  chat.need();
  fails();
  assert.equal(gaveUp, 0);
  mock.timers.tick(2000);
  assert.equal(asked.length, 7);
});

test("a page whose policy does not let it in is told, and not thrown at", () => {
  Object.assign(globalThis, {
    document: {
      createElement: () => {
        throw new TypeError("This document requires 'TrustedScriptURL' assignment.");
      },
    },
  });
  rest().need();
  assert.equal(gaveUp, 1);
});
