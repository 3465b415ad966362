/** The record of a deep query as one HTML page without a script, a style sheet or an address of anybody else's: for a file, a printer, an auditor. */
import { deepReads, goesOnWords, type DeepReadId } from "../domain/deep-reads.ts";
import type { DeepRecord, DeepRecordDevice, DeepRecordQuestion } from "../domain/deep-record.ts";

const title = "Record of a deep query";
const style =
  "body{font:14px/1.45 sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#1a1a1a}" +
  "table{border-collapse:collapse;width:100%;margin:.6em 0 1.6em}td,th{border:1px solid #b5b5b5;padding:4px 8px;text-align:left;vertical-align:top}" +
  "th{background:#f0f0f0}thead{display:table-header-group}tr{break-inside:avoid}h1{font-size:1.6em}h2{font-size:1.2em;margin:1.6em 0 .2em}" +
  ".n{text-align:right;white-space:nowrap}.mark{border-left:6px solid #b00020;padding:.4em .8em;background:#fdf0f1}" +
  "code{font-family:monospace;overflow-wrap:anywhere}.w{overflow-wrap:anywhere}@page{size:A4 landscape;margin:12mm}";

export function deepQueryHtml(record: DeepRecord): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escaped(`${title} ${record.id}: ${record.site}`)}</title><style>${style}</style></head><body>`,
    `<h1>${title} ${escaped(record.id)}</h1>`,
    ...(record.lab ? ['<p class="mark"><strong>LAB.</strong> Not a plant: documentation addresses and low floors.</p>'] : []),
    ...(record.cutShort === null ? [] : [`<p class="mark"><strong>Cut short.</strong> ${escaped(record.cutShort)}</p>`]),
    table([], headRows(record)),
    "<h2>Devices</h2>",
    table(
      ["Device", "Address", "Profile", "Came to", "Questions answered", "Response before, ms", "Response after, ms"],
      record.devices.map(deviceCells),
    ),
    ...record.devices.filter(({ questions }) => questions.length > 0).flatMap(deviceSection),
    "<p>Confidential: it names addresses and what answers there. Names in it are records, not authentication. ",
    "Response times are of the device's heartbeat. Packets are reckoned from what was sent; what the kernel repeats is not among them.</p>",
    "</body></html>",
    "",
  ].join("\n");
}

type Cell = string | { readonly html: string };

function headRows(record: DeepRecord): readonly (readonly Cell[])[] {
  const { totals } = record;
  return [
    ["Site", record.site],
    ["Asked by", record.by],
    ["Reason", record.reason],
    ["Change reference", record.change ?? "none"],
    ["Differences between test and production", record.testProductionDifferences],
    ...record.windows.map(({ id, scope, from, until, by, reason, change }): Cell[] => [
      `Window ${id}`,
      `${scope}, ${moment(from)} to ${moment(until)}, opened by ${by}: ${reason}${change === null ? "" : `, change ${change}`}`,
    ]),
    ["Began, ended", `${moment(record.startedAt)}, ${moment(record.endedAt)}`],
    ["Asked, answered", `${counted(totals.asked, "question")} asked, ${totals.answered} answered`],
    ...(record.leftOut.length === 0 ? [] : [["Agreed to and not asked", lines(record.leftOut)]]),
    [
      "Sent",
      `${counted(totals.requests, "request")}, ${counted(totals.bytes, "byte")}, ${counted(totals.connections, "connection")}, about ${counted(totals.packets, "packet")}`,
    ],
    ["Plan", code(record.planDigest)],
    ["Watchkeeper", record.version],
    ["Digest of this record", code(record.digest)],
  ];
}

function deviceCells({
  device,
  name,
  address,
  profile,
  ended,
  why,
  questions,
  responseMsBefore,
  responseMsAfter,
}: DeepRecordDevice): readonly Cell[] {
  const answered = questions.filter(({ came }) => came === "answered").length;
  const words = { complete: "complete", partly: "answered in part", not_asked: "not asked" }[ended];
  return [
    `${device} (${name})`,
    address,
    profile,
    why === null ? words : `${words}: ${why}`,
    `${answered} of ${questions.length}`,
    figure(responseMsBefore),
    figure(responseMsAfter),
  ];
}

function deviceSection({ device, questions }: DeepRecordDevice): readonly string[] {
  return [
    `<h2>${escaped(device)}</h2>`,
    table(["Time, UTC", "Question", "Came to", "ms", "Requests", "Bytes", "Packets", "What it said"], questions.map(questionCells)),
  ];
}

function questionCells({ at, read, from, came, tookMs, detail, facts, identity, sent, packets }: DeepRecordQuestion): readonly Cell[] {
  // Where a protocol has no names of its own for what it says.
  const known =
    facts.length > 0
      ? []
      : Object.entries((identity ?? {}) as Readonly<Record<string, string>>).map(([name, value]) => `${name}: ${value}`);
  const said = [...known, ...facts.map(([name, value]) => `${name}: ${value}`), ...(detail === null ? [] : [detail])];
  return [
    at.slice(11, 19),
    lines([`${read}${from === null ? "" : `, ${goesOnWords(read, from)}`}`, deepReads[read.split(" ")[0] as DeepReadId].words]),
    came.replace("_", " "),
    tookMs === null ? "" : String(tookMs),
    String(sent.requests),
    String(sent.bytes),
    String(packets),
    lines(said),
  ];
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = (row: readonly Cell[]): string =>
    row.map((cell, at) => (head.length === 0 && at === 0 ? `<th scope="row">${inHtml(cell)}</th>` : `<td>${inHtml(cell)}</td>`)).join("");
  const top = head.length === 0 ? "" : `<thead><tr>${head.map((text) => `<th scope="col">${escaped(text)}</th>`).join("")}</tr></thead>`;
  return `<table>${top}<tbody>${rows.map((row) => `<tr>${cells(row)}</tr>`).join("\n")}</tbody></table>`;
}

function inHtml(cell: Cell): string {
  return typeof cell === "string" ? escaped(cell) : cell.html;
}

function code(text: string): Cell {
  return { html: `<code>${escaped(text)}</code>` };
}

function lines(texts: readonly string[]): Cell {
  return { html: texts.map((line) => `<div class="w">${escaped(line)}</div>`).join("") };
}

function figure(value: number | null): string {
  return value === null ? "not measured" : String(value);
}

function moment(at: string): string {
  return `${at.slice(0, 19).replace("T", " ")} UTC`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

function counted(count: number, one: string): string {
  return `${count} ${count === 1 ? one : `${one}s`}`;
}
