/** Hands one notice to one target and says whether it was taken: e-mail, syslog, webhook. */
import { request } from "node:http";
import type { Socket } from "node:net";
import { createTransport } from "nodemailer";
import type { Clock } from "../domain/clock.ts";
import type { MailTarget, Notice, NoticeItem, NotifyTarget, SyslogTarget, WebhookTarget } from "../domain/notify.ts";
import { printable } from "../domain/printable.ts";
import { seconds, type Milliseconds } from "../domain/units.ts";
import { settledWithin, type Dialled, type Place } from "./dial.ts";
import { framesOf } from "./syslog.ts";
import { bodyOf } from "./webhook-body.ts";
import { itemsFor, subjectOf, textOf } from "./words.ts";

/** Undefined: taken. Otherwise why not, in one line. */
export type Sent = string | undefined;
export type Send = (target: NotifyTarget, notice: Notice) => Promise<Sent>;

export interface SenderParts {
  readonly clock: Clock;
  readonly dial: (place: Place, within: Milliseconds) => Promise<Dialled>;
  readonly hostname: string;
}

const connectWithin: Milliseconds = seconds(10);
/** From the connection to the receiver's word. */
const takenWithin: Milliseconds = seconds(30);
const reasonCharactersMax = 300;

export function sender({ clock, dial, hostname }: SenderParts): Send {
  return async (target, notice) => {
    const items = itemsFor(notice, target.least);
    // STARTTLS begins in the clear; the mail's own library then insists on it.
    const place: Place = { host: target.host, port: target.port, ...(target.tls === "implicit" && { tls: authorities(target) }) };
    const dialled = await dial(place, connectWithin);
    if ("problem" in dialled) return printable(dialled.problem, reasonCharactersMax);
    const { socket } = dialled;
    const late = `${target.host}:${target.port}: not taken within ${takenWithin / 1000} s`;
    const sent = handOver(target, notice, items, socket, hostname);
    const outcome = await settledWithin<Sent>(clock, takenWithin, late, sent);
    socket.destroy();
    return outcome === undefined ? undefined : printable(outcome, reasonCharactersMax);
  };
}

function handOver(target: NotifyTarget, notice: Notice, items: readonly NoticeItem[], socket: Socket, hostname: string): Promise<Sent> {
  switch (target.kind) {
    case "mail":
      return mailed(target, notice, items, socket);
    case "syslog":
      return written(target, notice, items, socket, hostname);
    case "webhook":
      return posted(target, notice, items, socket);
  }
}

async function mailed(target: MailTarget, notice: Notice, items: readonly NoticeItem[], socket: Socket): Promise<Sent> {
  const { host, port, tls, from, to, login } = target;
  const transport = createTransport({
    host,
    port,
    // The socket is ours and connected: the library resolves no name and dials nobody.
    connection: socket,
    secure: tls === "implicit",
    secured: tls === "implicit",
    requireTLS: tls === "starttls",
    ignoreTLS: tls === "none",
    tls: { minVersion: "TLSv1.2", ...authorities(target) },
    ...(login && { auth: { user: login.user, pass: login.password.reveal() } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const told = await transport.sendMail({
      from: { name: `Watchkeeper ${notice.site}`, address: from },
      to: [...to],
      subject: subjectOf(notice, items),
      text: textOf(notice, items),
      date: new Date(notice.at),
      messageId: `<watchkeeper.${notice.id}@${notice.site}.invalid>`,
      headers: { "Auto-Submitted": "auto-generated", "X-Watchkeeper-Message": notice.id },
    });
    return told.rejected.length === 0 ? undefined : `${host}:${port}: refused for ${told.rejected.map(String).join(", ")}`;
  } catch (error) {
    // Whatever the server or the network did; the library has codes for all of it.
    if (!(error instanceof Error && "code" in error)) throw error;
    return `${host}:${port}: ${error.message}`;
  }
}

/**
 * TCP syslog has no word of thanks. So we end our half when everything is written, and count the records as taken when the receiver, having
 * read to the end, closes its half; one that went away has closed with a reset, and everything is sent again.
 */
function written(target: SyslogTarget, notice: Notice, items: readonly NoticeItem[], socket: Socket, hostname: string): Promise<Sent> {
  const { host, port, facility } = target;
  return new Promise((resolve) => {
    let ended = false;
    socket.once("end", () => {
      ended = true;
    });
    socket.once("error", (error) => resolve(`${host}:${port}: ${error.message}`));
    socket.once("close", (hadError: boolean) =>
      resolve(ended && !hadError && socket.writableFinished ? undefined : `${host}:${port}: the connection broke`),
    );
    socket.resume();
    socket.end(Buffer.concat(framesOf(notice, items, { facility, hostname })));
  });
}

function posted(target: WebhookTarget, notice: Notice, items: readonly NoticeItem[], socket: Socket): Promise<Sent> {
  const { host, port, path, format, token } = target;
  const body = Buffer.from(bodyOf(format, notice, items));
  const headers = {
    "content-type": "application/json",
    "content-length": body.length,
    "user-agent": "watchkeeper",
    "idempotency-key": notice.id,
    connection: "close",
    ...(token && { authorization: `Bearer ${token.reveal()}` }),
  };
  return new Promise((resolve) => {
    const sent = request({ host, port, path, method: "POST", headers, createConnection: () => socket });
    sent.on("error", (error) => resolve(`${host}:${port}: ${error.message}`));
    sent.on("response", (response) => {
      const { statusCode = 0, statusMessage = "" } = response;
      response.resume();
      const taken = statusCode >= 200 && statusCode < 300;
      resolve(taken ? undefined : `${host}:${port}: found the answer ${statusCode} ${statusMessage}, expected 200 to 299`);
    });
    sent.end(body);
  });
}

function authorities({ ca }: NotifyTarget): { readonly ca?: string } {
  return ca === undefined ? {} : { ca };
}
