/** SNMP checks and credentials as compile would make them, for tests without any file. */
import { snmpMethods, type SnmpAsk } from "../../src/drivers/snmp/methods.ts";
import { shapeOf, type Credential, type SnmpV2cCredential, type SnmpV3Credential } from "../../src/domain/credentials.ts";
import type { DeepRead } from "../../src/domain/deep-reads.ts";
import type { Check, CheckId, DeviceId, LineId, PortUp } from "../../src/domain/plan.ts";
import { Secret } from "../../src/domain/secret.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";

export const community: SnmpV2cCredential = { kind: "snmp-v2c", community: new Secret("public") };
export const keys = { name: "lector", authKey: "auth-password-1", privKey: "priv-password-1" } as const;

export function user(changes: Partial<SnmpV3Credential> = {}): SnmpV3Credential {
  return {
    kind: "snmp-v3",
    user: new Secret(keys.name),
    level: "authPriv",
    authProtocol: "sha256",
    authKey: new Secret(keys.authKey),
    privProtocol: "aes",
    privKey: new Secret(keys.privKey),
    ...changes,
  };
}

export interface SnmpCheckOptions {
  readonly port?: number;
  readonly connection?: "fresh" | "kept";
  readonly portsUp?: readonly PortUp[];
  readonly credential?: Credential;
  readonly deep?: DeepRead;
}

export function snmpCheck({
  port = 161,
  connection = "fresh",
  portsUp = [],
  credential = community,
  deep,
}: SnmpCheckOptions = {}): Check<SnmpAsk> {
  const method = snmpMethods[0]!;
  const credentials = shapeOf("test", credential);
  const parsed = method.parse({ credentials, portsUp, ...(deep && { deep }) });
  if ("problems" in parsed) throw new Error(parsed.problems.join("; "));
  const { ask } = parsed;
  return {
    id: "switch/snmp-get" as CheckId,
    device: "switch" as DeviceId,
    method: "snmp-get",
    protocol: "snmp",
    target: { address: "127.0.0.1", port, transport: "udp", localAddress: "127.0.0.1" },
    line: "address:127.0.0.1" as LineId,
    interval: milliseconds(60_000),
    slot: milliseconds(0),
    missesToDown: 3,
    connection,
    connectWithin: milliseconds(0),
    answerWithin: milliseconds(5000),
    ask,
    credentials: { id: "test", kind: credential.kind },
    opening: method.opening(ask),
    asking: method.asking(ask),
    closing: method.closing(ask),
    proves: "comms-module",
    approvedUntil: wallMs(Date.parse("2028-02-21")),
    digest: "sha256:snmp",
  };
}
