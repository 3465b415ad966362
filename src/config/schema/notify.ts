/** The shape of notify.yaml: whom the notifier tells, and how soon. */
import { z } from "zod";
import { isAddress, parseAddress } from "../../domain/address.ts";
import { webhookFormats, type WebhookFormat } from "../../domain/notify.ts";
import { seconds, type Milliseconds } from "../../domain/units.ts";
import { duration, id, matching, oneOf, text, whole } from "./common.ts";

interface Entry {
  readonly id: string;
  readonly caFile: string | null;
  readonly severity: "critical" | "warning";
}
export interface MailEntry extends Entry {
  readonly kind: "mail";
  readonly host: string;
  readonly port: number;
  readonly tls: "implicit" | "starttls" | "none";
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | null;
  readonly passwordFile: string | null;
}
export interface SyslogEntry extends Entry {
  readonly kind: "syslog";
  readonly host: string;
  readonly port: number;
  readonly tls: "implicit" | "none";
  readonly facility: Facility;
}
export interface WebhookEntry extends Entry {
  readonly kind: "webhook";
  readonly url: string;
  readonly format: WebhookFormat;
  readonly tokenFile: string | null;
}
export type TargetEntry = MailEntry | SyslogEntry | WebhookEntry;

export interface NotifyFile {
  readonly schema: "notify/v1";
  readonly groupWait: Milliseconds;
  readonly groupInterval: Milliseconds;
  readonly silentAfter: Milliseconds;
  readonly nameServers: readonly string[];
  readonly targets: readonly TargetEntry[];
}

/** RFC 5424, 6.2.1: those that are meant for programs of a site. */
export const facilities = ["user", "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"] as const;
export type Facility = (typeof facilities)[number];

const hostExpected = "a literal address, or a name of letters, digits, - and .";
const host: z.ZodType<string, string> = z
  .string({ error: hostExpected })
  .refine((value) => isHost(value), { error: hostExpected })
  .meta({ description: "A literal address, or a name that /etc/hosts or one of `nameServers` knows." });

export function isHost(value: string): boolean {
  if (isAddress(parseAddress(value))) return true;
  return (
    value.length <= 253 && /^(?!\d+$)[a-z0-9]([a-z0-9-]{0,62})?(\.[a-z0-9]([a-z0-9-]{0,62})?)*$/iu.test(value) && !/^[\d.]+$/u.test(value)
  );
}

const mailbox = (description: string): z.ZodType<string, string> =>
  matching(
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/u,
    "one bare e-mail address, such as eto@ship.example",
    description,
  );

/** The same, or nothing. */
const optional = (description: string): z.ZodType<string | null, string | null | undefined> =>
  text(description).nullable().default(null).meta({ description });

function withDefault<Word extends string>(
  schema: z.ZodType<Word, Word>,
  word: Word,
  description: string,
): z.ZodType<Word, Word | undefined> {
  return schema.default(word as never).meta({ description });
}

const kindExpected = "one of mail, syslog, webhook";
const kind = <Kind extends string>(one: Kind, description: string): z.ZodLiteral<Kind> =>
  z.literal(one, { error: kindExpected }).meta({ description });

const common = {
  id: id("The target's id, as `notify status` names it."),
  caFile: optional("PEM of the authorities to trust in place of the system's; relative to this file's folder."),
  severity: withDefault(oneOf(["critical", "warning"], ""), "warning", "The least severe alarm that goes there."),
};
const tlsSchema = <const Words extends readonly [string, ...string[]]>(words: Words): z.ZodType<Words[number], Words[number]> =>
  oneOf(words, "How the connection is secured. none must be written out.");
const port = whole(1, 65_535, "The port.");

const target = z.discriminatedUnion(
  "kind",
  [
    z.strictObject({
      ...common,
      kind: kind("mail", "E-mail over SMTP."),
      host,
      port,
      tls: tlsSchema(["implicit", "starttls", "none"]),
      from: mailbox("From whom."),
      to: z
        .array(mailbox("To whom."), { error: "a list of addresses" })
        .min(1, { error: "at least one address" })
        .max(50, { error: "at most 50 addresses" })
        .meta({ description: "Whom the mail is for." }),
      user: optional("Who logs in; null where nobody need."),
      passwordFile: optional("The password's file, mode 0600 or 0400; relative to this file's folder."),
    }),
    z.strictObject({
      ...common,
      kind: kind("syslog", "Syslog, RFC 5424 with octet counting over TCP (RFC 6587) or TLS (RFC 5425)."),
      host,
      port,
      tls: tlsSchema(["implicit", "none"]),
      facility: withDefault(oneOf(facilities, ""), "daemon", "The facility."),
    }),
    z.strictObject({
      ...common,
      kind: kind("webhook", "An HTTPS POST of JSON."),
      url: text("https://…; http:// only to this very machine."),
      format: withDefault(
        oneOf(webhookFormats, ""),
        "watchkeeper",
        "watchkeeper: one object a message; alertmanager: what POST /api/v2/alerts of Alertmanager takes.",
      ),
      tokenFile: optional("A file of mode 0600 or 0400 whose one line is sent as Authorization: Bearer."),
    }),
  ],
  { error: kindExpected },
);

function span(
  least: Milliseconds,
  most: Milliseconds,
  words: string,
  fallback: string,
  description: string,
): z.ZodType<Milliseconds, unknown> {
  return duration(description)
    .refine((value) => value >= least && value <= most, { error: words })
    .default(parsedDefault(fallback))
    .meta({ description, default: fallback });
}

function parsedDefault(fallback: string): Milliseconds {
  return duration("").parse(fallback);
}

export const notifySchema: z.ZodType<NotifyFile> = z
  .strictObject({
    schema: z.literal("notify/v1", { error: "notify/v1" }).meta({ description: "The kind of file." }),
    groupWait: span(seconds(1), seconds(600), "from 1s to 10m", "30s", "So long a first alarm waits for those that come with it."),
    groupInterval: span(seconds(1), seconds(86_400), "from 1s to 24h", "5m", "Between two messages of one kind of alarm."),
    silentAfter: span(
      seconds(130),
      seconds(86_400),
      "from 130s (the poller writes at least every 60 s) to 24h",
      "3m",
      "So long nothing is written before the poller counts as silent.",
    ),
    nameServers: z
      .array(text("A literal address."), { error: "a list of literal addresses" })
      .max(8, { error: "at most 8 name servers" })
      .default([])
      .meta({ description: "Whom to ask for names; none: only /etc/hosts. The system's own resolver is never used." }),
    targets: z
      .array(target, { error: "a list of targets" })
      .min(1, { error: "at least one target" })
      .max(20, { error: "at most 20 targets" })
      .meta({ description: "Whom to tell." }),
  })
  .meta({ title: "notify/v1", description: "Whom `watchkeeper notify` tells of what happens." });
