/** TLS and clients' certificates: who is not as the configuration wants gets no answer, and the configuration may change while the server runs. */
import assert from "node:assert/strict";
import { connect as connectPlain } from "node:net";
import { after, before, describe, test } from "node:test";
import { connect } from "node:tls";
import { pinned } from "../../src/config/server-certificates.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { WebConfig, WebTls } from "../../src/domain/web.ts";
import { alternatives } from "../../src/exporters/web-tls.ts";
import { authority, type Authority, type Certificate } from "../support/certificates.ts";
import { openAccess } from "./support/open-access.ts";
import { serving, type Serving } from "./support/web.ts";

const ends: (() => void)[] = [];
let signer: Authority;
let server: Certificate;
let good: Certificate;
let ended: Certificate;
let foreign: Certificate;
before(() => {
  signer = authority({ after: (run) => void ends.push(run) });
  [server, good, ended] = [signer.issue("server", 30, "DNS:poller.ship,IP:127.0.0.1"), signer.issue("prometheus"), signer.issue("old", -1)];
  foreign = authority({ after: (run) => void ends.push(run) }, "somebody").issue("mallory");
});
after(() => ends.forEach((run) => run()));

function withTls(rest: Partial<WebTls> = {}, own: Certificate = server): WebConfig {
  const { notAfter } = pinned(own.cert)!;
  const tls: WebTls = {
    certificate: own.cert,
    key: new Secret(own.key),
    clientAuth: "NoClientCert",
    clientAllowedSans: [],
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    preferServerCiphers: true,
    notAfter,
    names: ["poller.ship"],
    ...rest,
  };
  return { tls, headers: {}, users: new Map() };
}

/** The status and the body, or why there is none; `of`: the certificate that the server showed. */
function visit(
  site: Serving,
  options: { client?: Certificate | undefined; host?: string; post?: string } = {},
): Promise<{ reply: string; of: string }> {
  const [host = "", port = ""] = (site.server.addresses[0] ?? "").split(":");
  const { client } = options;
  return new Promise((resolve) => {
    let [reply, of] = ["", ""];
    const socket = connect(
      { host, port: Number(port), ca: signer.cert, servername: "poller.ship", ...(client && { cert: client.cert, key: client.key }) },
      () => {
        of = String(socket.getPeerCertificate().subject.CN);
        const head = `Host: ${options.host ?? "poller.ship"}\r\nConnection: close\r\n`;
        socket.write(
          options.post === undefined
            ? `GET /-/healthy HTTP/1.1\r\n${head}\r\n`
            : `POST ${options.post} HTTP/1.1\r\n${head}Content-Length: 0\r\n\r\n`,
        );
      },
    );
    socket.on("data", (data) => (reply += data.toString()));
    socket.on("error", () => {});
    socket.on("close", () => resolve({ reply: reply.split("\r\n", 1)[0] ?? "", of }));
  });
}

const ok = "HTTP/1.1 200 OK";

describe("over TLS", () => {
  test("a page comes under the certificate's names, and under no other", async () => {
    const access = openAccess(withTls());
    const site = await serving({ access });
    assert.deepEqual(await visit(site), { reply: ok, of: "server" });
    assert.equal((await visit(site, { host: "evil.example" })).reply, "HTTP/1.1 403 Forbidden");
    assert.match(access.refusals.join(), /^host: 127\.0\.0\.1: found a foreign Host header/u);
  });

  test("plain HTTP gets no answer, and is counted", async () => {
    const access = openAccess(withTls());
    const { server: running } = await serving({ access });
    const [host, port] = (running.addresses[0] ?? "").split(":");
    const socket = connectPlain(Number(port), host);
    let heard = "";
    socket.on("data", (data) => (heard += data.toString())).on("error", () => {});
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await new Promise((resolve) => socket.on("close", resolve));
    assert.doesNotMatch(heard, /HTTP\/1/u);
    assert.match(access.refusals.join(), /^tls: 127\.0\.0\.1 spoke plain HTTP where TLS is spoken: https is meant$/u);
  });

  test("only a certificate that is good, not ended, and of the right signer lets a client in", async () => {
    const access = openAccess(withTls({ clientAuth: "RequireAndVerifyClientCert", clientCa: signer.cert }));
    const site = await serving({ access });
    assert.equal((await visit(site, { client: good })).reply, ok);
    for (const client of [undefined, ended, foreign]) assert.equal((await visit(site, { client })).reply, "");
    assert.deepEqual(access.refusals, [
      "certificate: 127.0.0.1 came without a certificate",
      "certificate: 127.0.0.1 came with a certificate that is not good (CERT_HAS_EXPIRED)",
      "certificate: 127.0.0.1 came with a certificate that is not good (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
    ]);
  });

  test("the other ways of asking for certificates are those of exporter-toolkit", async () => {
    const clientCa = signer.cert;
    const table: readonly (readonly [WebTls["clientAuth"], nobody: string, bad: string])[] = [
      ["RequestClientCert", ok, ok],
      ["RequireAnyClientCert", "", ok],
      ["VerifyClientCertIfGiven", ok, ""],
    ];
    for (const [clientAuth, nobody, bad] of table) {
      const site = await serving({ access: openAccess(withTls({ clientAuth, clientCa })) });
      assert.equal((await visit(site)).reply, nobody, clientAuth);
      assert.equal((await visit(site, { client: foreign })).reply, bad, clientAuth);
    }
  });

  test("client_allowed_sans lets in whom it names", async () => {
    const asked = { clientAuth: "RequireAndVerifyClientCert", clientCa: signer.cert } as const;
    const named = await serving({ access: openAccess(withTls({ ...asked, clientAllowedSans: ["localhost"] })) });
    assert.equal((await visit(named, { client: good })).reply, ok);
    const others = await serving({ access: openAccess(withTls({ ...asked, clientAllowedSans: ["localhos"] })) });
    assert.equal((await visit(others, { client: good })).reply, "");
  });

  test("the record of a stop names the certificate", async () => {
    const access = openAccess(withTls({ clientAuth: "RequireAndVerifyClientCert", clientCa: signer.cert }));
    const site = await serving({ access });
    assert.equal((await visit(site, { client: good, post: "/-/stop" })).reply, ok);
    assert.deepEqual(site.done, ["stop by web, prometheus from 127.0.0.1: POST /-/stop"]);
  });
});

describe("a configuration that changes", () => {
  test("renews the certificate and whom it asks for one, from the next connection on", async () => {
    const access = openAccess(withTls());
    const site = await serving({ access });
    assert.equal((await visit(site)).of, "server");
    const renewed = signer.issue("renewed", 30, "DNS:poller.ship");
    assert.deepEqual(access.change(withTls({ clientAuth: "RequireAndVerifyClientCert", clientCa: signer.cert }, renewed)), []);
    assert.deepEqual(await visit(site, { client: good }), { reply: ok, of: "renewed" });
    assert.equal((await visit(site)).reply, "");
  });

  test("turns TLS neither on nor off", async () => {
    const secured = openAccess(withTls());
    await serving({ access: secured });
    assert.match(secured.change({ headers: {}, users: new Map() }).join(), /without TLS, expected it as at the start/u);
    const plain = openAccess();
    await serving({ access: plain });
    assert.match(plain.change(withTls()).join(), /with TLS, expected it as at the start/u);
  });

  test("that OpenSSL would refuse is not taken over", async () => {
    const access = openAccess(withTls());
    await serving({ access });
    assert.match(access.change(withTls({ ciphers: "no-such-cipher" })).join(), /found TLS that OpenSSL refuses/u);
  });
});

test("a name with a comma in a certificate does not pass for two", () => {
  const subjectAltName = 'DNS:a.example, URI:"spiffe://x, DNS:prometheus, y", IP Address:10.0.0.1';
  assert.deepEqual(alternatives({ subjectAltName }), ["a.example", '"spiffe://x, DNS:prometheus, y"', "10.0.0.1"]);
});
