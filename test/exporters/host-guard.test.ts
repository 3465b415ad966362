/** A web page in a browser on the poller's machine can neither read nor change anything. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { refusedBecause, type RequestOrigin } from "../../src/exporters/host-guard.ts";

const own = { scheme: "http", names: ["127.0.0.2", "poller.ship.example", "*.deck.example"] } as const;
function because(request: Partial<RequestOrigin>): string | undefined {
  return refusedBecause({ method: "GET", host: "127.0.0.1:9824", origin: undefined, fetchSite: undefined, ...request }, own);
}

describe("the Host header", () => {
  for (const host of ["127.0.0.1:9824", "localhost:9824", "LocalHost", "[::1]:9824", "127.0.0.2:9824", "localhost:1"]) {
    test(`${host} is ours`, () => assert.equal(because({ host }), undefined));
  }
  for (const host of [
    "evil.example:9824",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "192.0.2.7:9824",
    "evil.example#127.0.0.1",
  ]) {
    test(`${host} is not`, () => assert.match(because({ host }) ?? "", /Host/u));
  }
  for (const host of [undefined, "", "a b", "127.0.0.1:9824@evil.example", "[::1", "127.0.0.1:99999999", "127.0.0.1/x"]) {
    test(`${JSON.stringify(host)} is none`, () => assert.match(because({ host }) ?? "", /no usable Host/u));
  }
});

describe("a change", () => {
  const post = (rest: Partial<RequestOrigin>): string | undefined => because({ method: "POST", ...rest });

  test("by curl or from our own page is let through", () => {
    assert.equal(post({}), undefined);
    assert.equal(post({ origin: "http://127.0.0.1:9824", fetchSite: "same-origin" }), undefined);
    assert.equal(post({ fetchSite: "none" }), undefined);
  });

  for (const origin of ["http://evil.example", "null", "http://127.0.0.1:3000", "https://127.0.0.1:9824", "http://localhost:9824"]) {
    test(`from a page of ${origin} is refused`, () => assert.match(post({ origin }) ?? "", /Origin of another page/u));
  }

  test("that a browser calls cross-site is refused without an Origin too", () => {
    for (const fetchSite of ["cross-site", "same-site"]) assert.match(post({ fetchSite }) ?? "", /another page/u);
  });
});
