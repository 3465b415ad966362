/** The printed record of a deep query: everything that the record has, in words, and nothing that a browser would run or fetch. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeepRecord, DeepRecordQuestion } from "../../src/domain/deep-record.ts";
import { deepQueryHtml } from "../../src/exporters/deep-query-html.ts";

const question: DeepRecordQuestion = {
  check: "rack/deep-enip-slots-3",
  read: "enip-slots slot 3",
  from: null,
  at: "2026-11-22T03:12:01.000Z",
  came: "answered",
  tookMs: 12.3,
  detail: null,
  facts: [["vendor", "<script>alert(1)</script>"]],
  identity: null,
  sent: { connections: 1, requests: 3, bytes: 112 },
  packets: 10,
};
const record: DeepRecord = {
  schema: "deep-query/v1",
  id: "dq-20261122T031200Z",
  site: "mv-aurora",
  lab: false,
  version: "1.0.0",
  planDigest: "sha256:plan",
  by: "eto-1",
  reason: "yearly survey",
  change: "MOC-118",
  testProductionDifferences: "none, tried on the spare",
  windows: [
    {
      id: "w1",
      kind: "deep-query",
      scope: "site",
      from: "2026-11-22T03:00:00.000Z",
      until: "2026-11-22T05:00:00.000Z",
      offsetMinutes: 0,
      open: true,
      by: "chief",
      reason: "survey",
      change: null,
    },
  ],
  startedAt: "2026-11-22T03:12:00.000Z",
  endedAt: "2026-11-22T03:20:00.000Z",
  cutShort: "the site was stopped",
  leftOut: ["rack/deep-enip-identity: approval_stale: approve it"],
  devices: [
    {
      device: "rack",
      name: "Cargo rack",
      profile: "rockwell-controllogix",
      address: "192.0.2.31:44818",
      ended: "partly",
      why: "the site was stopped",
      responseMsBefore: 4.5,
      responseMsAfter: null,
      questions: [
        question,
        {
          ...question,
          check: "sw/deep-snmp-bridge-table",
          read: "snmp-bridge-table",
          from: 0x0080f40a0b0c,
          came: "failed",
          tookMs: null,
          detail: "timeout: no answer in time",
          facts: [],
          packets: 1,
        },
      ],
    },
  ],
  totals: { asked: 2, answered: 1, packets: 11, connections: 2, requests: 6, bytes: 224 },
  digest: "sha256:record",
};

test("the record says who, why, in which window, what was asked in words, what it cost, question by question, and why it was cut short", () => {
  const page = deepQueryHtml(record);
  for (const words of [
    "<strong>Cut short.</strong> the site was stopped",
    "Differences between test and production</th><td>none, tried on the spare",
    "<td>site, 2026-11-22 03:00:00 UTC to 2026-11-22 05:00:00 UTC, opened by chief: survey</td>",
    "2 questions asked, 1 answered",
    "rack/deep-enip-identity: approval_stale: approve it",
    "6 requests, 224 bytes, 2 connections, about 11 packets",
    "answered in part: the site was stopped",
    "<td>1 of 2</td><td>4.5</td><td>not measured</td>",
    '<div class="w">enip-slots slot 3</div><div class="w">EtherNet/IP Identity object of a module in the backplane</div>',
    "<td>answered</td><td>12.3</td><td>3</td><td>112</td><td>10</td>",
    '<div class="w">snmp-bridge-table, behind 00:80:f4:0a:0b:0c</div>',
    "timeout: no answer in time",
    "<code>sha256:record</code>",
  ])
    assert.ok(page.includes(words), `${words}\n${page}`);
});

test("the record runs nothing, fetches nothing, and takes no text of a device for its own", () => {
  const page = deepQueryHtml(record);
  assert.ok(page.includes("vendor: &lt;script&gt;alert(1)&lt;/script&gt;"));
  assert.doesNotMatch(page, /<script|<link|<img|\bsrc=|\bhref=|https?:/u);
  assert.ok(!page.includes("LAB."));
  assert.ok(deepQueryHtml({ ...record, lab: true }).includes("<strong>LAB.</strong>"));
});
