/** Certificates as a site makes them, by the openssl of the machine: an authority, and whoever it signs, good or ended. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  /** Absolute. */
  readonly certFile: string;
  /** Mode 0600. */
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  readonly folder: string;
  /** @param days negative: it has ended @param san as openssl writes it, such as `DNS:poller,IP:127.0.0.1` */
  issue(name: string, days?: number, san?: string): Certificate;
}

/** In a folder of its own that goes with the test. */
export function authority(t: { after(run: () => void): void }, name = "authority"): Authority {
  const folder = mkdtempSync(join(tmpdir(), "watchkeeper-certificates-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const place = (one: string): { readonly certFile: string; readonly keyFile: string } => ({
    certFile: join(folder, `${one}.pem`),
    keyFile: join(folder, `${one}.key`),
  });
  const loaded = (files: { readonly certFile: string; readonly keyFile: string }): Certificate => {
    chmodSync(files.keyFile, 0o600);
    return { ...files, cert: readFileSync(files.certFile, "utf8"), key: readFileSync(files.keyFile, "utf8") };
  };
  const own = place(name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", own.keyFile, "-out", own.certFile, "-subj", `/CN=${name}`, "-days", "30");
  return {
    folder,
    ...loaded(own),
    issue(subject, days = 30, san = "DNS:localhost,IP:127.0.0.1") {
      const files = place(subject);
      const request = join(folder, `${subject}.csr`);
      const extensions = join(folder, `${subject}.ext`);
      writeFileSync(extensions, `subjectAltName=${san}\n`);
      openssl("req", ...newKey, "-keyout", files.keyFile, "-out", request, "-subj", `/CN=${subject}`);
      const signing = ["-CA", own.certFile, "-CAkey", own.keyFile, "-extfile", extensions, "-days", String(days)];
      openssl("x509", "-req", "-in", request, ...signing, "-out", files.certFile);
      return loaded(files);
    },
  };
}

function openssl(...args: readonly string[]): void {
  execFileSync("openssl", args, { stdio: "pipe" });
}
