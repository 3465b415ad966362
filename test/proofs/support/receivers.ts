/** Where messages go in a proof: an SMTP server and a syslog daemon that nobody here wrote, both over TLS, and a sink for webhooks. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Network } from "./netns.ts";
import { waitForListener } from "./kernel.ts";

/** pymodbus, aiosmtpd: Debian's packages are found by Debian's own interpreter alone. */
const debianPython = "/usr/bin/python3";
const startDeadlineMs = 60_000;
export const smtpPort = 587;
export const syslogPort = 6514;

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Signed by itself, for one address and one name. */
export function makeCertificate(folder: string, address: string, name: string): Certificate {
  const [keyFile, certificateFile] = [join(folder, "office.key"), join(folder, "office.pem")];
  const subject = ["-subj", "/CN=office.invalid", "-addext", `subjectAltName=IP:${address},DNS:${name}`];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", keyFile, "-out", certificateFile], { stdio: "ignore" });
  return { certificateFile, keyFile };
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Head and body as they came. */
  readonly content: string;
}

/** aiosmtpd: takes mail after STARTTLS and a login only. It ends with the network. */
export async function startSmtp(
  network: Network,
  host: string,
  { certificateFile, keyFile }: Certificate,
  login: { readonly user: string; readonly password: string },
): Promise<{ readonly mails: readonly Mail[]; said(): string }> {
  const script = fileURLToPath(new URL("smtp_sink.py", import.meta.url));
  const address = network.address(host);
  const child = network.exec(host, [
    debianPython,
    "-B",
    script,
    address,
    String(smtpPort),
    certificateFile,
    keyFile,
    login.user,
    login.password,
  ]);
  const mails: Mail[] = [];
  let said = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line) as Mail & { readonly event: string };
    if (message.event === "mail") mails.push(message);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  await waitForListener(network, host, smtpPort, startDeadlineMs, () => said);
  return { mails, said: () => said };
}

/** rsyslogd with a configuration and files of its own: the machine's daemon, where there is one, is not touched. It ends with the network. */
export async function startRsyslog(
  network: Network,
  host: string,
  { certificateFile, keyFile }: Certificate,
): Promise<{ lines(): readonly string[]; said(): string }> {
  const folder = join(network.folder, "rsyslog");
  mkdirSync(folder, { recursive: true });
  const [configuration, log] = [join(folder, "rsyslog.conf"), join(folder, "log")];
  const tls = `streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon"`;
  writeFileSync(
    configuration,
    [
      `global(workDirectory="${folder}" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="${certificateFile}"`,
      `  defaultNetstreamDriverCertFile="${certificateFile}" defaultNetstreamDriverKeyFile="${keyFile}")`,
      `module(load="imtcp" ${tls})`,
      `input(type="imtcp" port="${syslogPort}")`,
      `template(name="one" type="string" string="%syslogseverity-text% %app-name% %msgid% %structured-data% %msg%\\n")`,
      `*.* action(type="omfile" file="${log}" template="one")`,
      "",
    ].join("\n"),
  );
  const child = network.exec(host, ["rsyslogd", "-n", "-f", configuration, "-i", join(folder, "pid")]);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  await waitForListener(network, host, syslogPort, startDeadlineMs, () => said);
  const ours = (line: string): boolean => line !== "" && !/^\w+ rsyslogd /u.test(line);
  return { lines: () => (existsSync(log) ? readFileSync(log, "utf8").split("\n").filter(ours) : []), said: () => said };
}
