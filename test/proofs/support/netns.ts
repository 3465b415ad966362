/** Makes a network of its own for one proof: each host a network namespace, joined by a bridge, and nothing leads out of it. */
import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { prefixLengthOf } from "./addresses.ts";
import { filesFolder, namespaceName, removeNamespace, sweepLeftovers } from "./leftovers.ts";
import { waitFor } from "./wait.ts";

export interface HostSpec {
  /** Lower-case letters, digits and hyphens, such as "poller" or "plc-7". Naming a host again gives it a further interface. */
  readonly name: string;
  /** One or several addresses of a documentation range; the first of the first interface is the host's own. */
  readonly address: string | readonly string[];
  /** Hosts of one segment share a bridge; "lan" unless said otherwise. */
  readonly segment?: string;
}

export interface ExecOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Hosts and their switch. Use `await using network = await makeNetwork(...)`, so that it goes whatever happens. */
export interface Network extends AsyncDisposable {
  /** A folder for files of this proof alone (captures, state folders of the product); it goes with the network. */
  readonly folder: string;
  /** The first address of the host. */
  address(host: string): string;
  addresses(host: string): readonly string[];
  /** The kernel's name for the host's namespace, for tools that want it (`ip netns exec <name> ...`). */
  namespace(host: string): string;
  /** Starts a child inside the host; its pid is the program's own. It is ended with the network at the latest. */
  exec(host: string, argv: readonly string[], options?: ExecOptions): ChildProcessWithoutNullStreams;
  /** Runs a short command inside the host and resolves with its stdout; rejects, with its stderr, when it fails. */
  run(host: string, argv: readonly string[], input?: string): Promise<string>;
  /** Sets, for instance, `net.ipv4.tcp_syn_retries`. */
  sysctl(host: string, key: string, value: string | number): Promise<void>;
  /** Loads an nftables ruleset in the host. */
  nft(host: string, ruleset: string): Promise<void>;
  /** The host drops every IP packet, in and out, but still answers ARP: a hung device. Captures elsewhere still see what is sent to it. */
  vanish(host: string): Promise<void>;
  reappear(host: string): Promise<void>;
  /** Pulls the host's cable at the switch: the host loses carrier and keeps its addresses. */
  linkDown(host: string, interfaceName?: string): Promise<void>;
  linkUp(host: string, interfaceName?: string): Promise<void>;
  /** Ends what was started here, by pid, and removes the namespaces. Harmless when repeated. */
  dispose(): Promise<void>;
}

const switchName = "switch";
const hostPattern = /^[a-z][a-z0-9-]{0,30}$/;
const vanishedTable = "inet wire_proof_vanished";
let networksMade = 0;

/** Makes the hosts. Interfaces inside a host are eth0, eth1, ... in the order its specs are listed. Needs root. */
export async function makeNetwork(spec: { readonly hosts: readonly HostSpec[] }): Promise<Network> {
  sweepLeftovers();
  networksMade += 1;
  const network = new NamespaceNetwork(networksMade);
  try {
    await network.build(spec.hosts);
  } catch (error) {
    await network.dispose();
    throw error;
  }
  return network;
}

class NamespaceNetwork implements Network {
  readonly folder: string;
  readonly #number: number;
  readonly #addresses = new Map<string, string[]>();
  /** Port on the switch of each "host/interface". */
  readonly #ports = new Map<string, string>();
  readonly #namespaces: string[] = [];
  readonly #children = new Set<ChildProcessWithoutNullStreams>();
  readonly #atExit = (): void => this.#clear();

  constructor(number: number) {
    this.#number = number;
    this.folder = filesFolder(number);
    mkdirSync(this.folder, { mode: 0o700 });
    // Reached when a proof was ended from outside or never disposed; after a SIGKILL the next run sweeps instead.
    process.once("exit", this.#atExit);
  }

  async build(hosts: readonly HostSpec[]): Promise<void> {
    await this.#addNamespace(switchName);
    const bridges = new Map<string, string>();
    for (const { name, address, segment = "lan" } of hosts) {
      const addresses = typeof address === "string" ? [address] : address;
      if (!hostPattern.test(name) || name === switchName || addresses.length === 0)
        throw new RangeError(`host ${JSON.stringify(name)}: bad name or no address`);
      if (!this.#addresses.has(name)) await this.#addNamespace(name);
      const bridge = bridges.get(segment) ?? `br${bridges.size}`;
      if (!bridges.has(segment)) await this.#addBridge(bridge);
      bridges.set(segment, bridge);
      await this.#connect(name, bridge, addresses);
    }
    await this.#forwards();
  }

  address(host: string): string {
    const [first] = this.addresses(host);
    if (first === undefined) throw new RangeError(`"${host}" has no address`);
    return first;
  }

  addresses(host: string): readonly string[] {
    const found = this.#addresses.get(host);
    if (found === undefined) throw new RangeError(`no host "${host}" here; there are ${[...this.#addresses.keys()].join(", ")}`);
    return found;
  }

  namespace(host: string): string {
    this.addresses(host);
    return namespaceName(this.#number, host);
  }

  exec(host: string, argv: readonly string[], options: ExecOptions = {}): ChildProcessWithoutNullStreams {
    // A child that is itself a Node program must not take itself for a part of this test run.
    const { NODE_TEST_CONTEXT: _ours, ...inherited } = process.env;
    const child = spawn("ip", ["netns", "exec", this.namespace(host), ...argv], {
      stdio: "pipe",
      env: { ...inherited, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    child.stdin.on("error", () => undefined); // it ended before it read everything; its exit code tells
    return child;
  }

  run(host: string, argv: readonly string[], input = ""): Promise<string> {
    return command(["ip", "netns", "exec", this.namespace(host), ...argv], input);
  }

  async sysctl(host: string, key: string, value: string | number): Promise<void> {
    await this.run(host, ["sysctl", "-q", "-w", `${key}=${value}`]);
  }

  async nft(host: string, ruleset: string): Promise<void> {
    await this.run(host, ["nft", "-f", "-"], ruleset);
  }

  async vanish(host: string): Promise<void> {
    const chains = ["input", "output"].map((hook) => `chain ${hook} { type filter hook ${hook} priority -300; policy drop; }`);
    await this.nft(host, `table ${vanishedTable} {\n${chains.join("\n")}\n}`);
  }

  async reappear(host: string): Promise<void> {
    await this.nft(host, `delete table ${vanishedTable}`);
  }

  linkDown(host: string, interfaceName = "eth0"): Promise<void> {
    return this.#setPort(host, interfaceName, "down");
  }

  linkUp(host: string, interfaceName = "eth0"): Promise<void> {
    return this.#setPort(host, interfaceName, "up");
  }

  async dispose(): Promise<void> {
    const exits = [...this.#children].map((child) => once(child, "exit"));
    this.#clear();
    await Promise.all(exits);
    process.removeListener("exit", this.#atExit);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #clear(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const name of this.#namespaces.splice(0)) removeNamespace(name);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 }); // a process just killed may still be writing
  }

  async #addNamespace(host: string): Promise<void> {
    const name = namespaceName(this.#number, host);
    await command(["ip", "netns", "add", name]);
    this.#namespaces.push(name);
    this.#addresses.set(host, []);
    // Before any interface is up: no router solicitation, no MLD, no duplicate address detection in the captures.
    const quiet = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"];
    await command(["ip", "netns", "exec", name, "sysctl", "-q", "-w", ...quiet]);
    await command(["ip", "-netns", name, "link", "set", "lo", "up"]);
  }

  async #addBridge(bridge: string): Promise<void> {
    const options = ["stp_state", "0", "forward_delay", "0", "mcast_snooping", "0"];
    const name = namespaceName(this.#number, switchName);
    await command(["ip", "-netns", name, "link", "add", bridge, "type", "bridge", ...options]);
    await command(["ip", "-netns", name, "link", "set", bridge, "up"]);
  }

  async #connect(host: string, bridge: string, addresses: readonly string[]): Promise<void> {
    const [inHost, inSwitch] = [namespaceName(this.#number, host), namespaceName(this.#number, switchName)];
    const port = `port${this.#ports.size}`;
    const interfaceName = `eth${[...this.#ports.keys()].filter((key) => key.startsWith(`${host}/`)).length}`;
    await command(["ip", "-netns", inHost, "link", "add", interfaceName, "type", "veth", "peer", "name", port, "netns", inSwitch]);
    this.#ports.set(`${host}/${interfaceName}`, port);
    // One segment a packet, as on a real wire: otherwise a virtual interface hands on 64 KB at once and packets are undercounted.
    await command(["ip", "-netns", inHost, "link", "set", interfaceName, "gso_max_segs", "1", "up"]);
    for (const address of addresses) {
      await command([
        "ip",
        "-netns",
        inHost,
        "address",
        "add",
        `${address}/${prefixLengthOf(address)}`,
        "broadcast",
        "+",
        "dev",
        interfaceName,
      ]);
      this.#addresses.get(host)?.push(address);
    }
    await command(["ip", "-netns", inSwitch, "link", "set", port, "master", bridge, "up"]);
  }

  /** The kernel lets a port take part a moment after its cable is in; on a busy machine a first packet would be lost meanwhile. */
  async #forwards(): Promise<void> {
    const states = [...this.#ports.values()].map((port) => `/sys/class/net/${port}/brport/state`);
    // BR_STATE_FORWARDING of the kernel's include/uapi/linux/if_bridge.h.
    const probe = async (): Promise<boolean> => !/[^3\n]/u.test(await this.#inSwitch(["cat", ...states]));
    if (states.length > 0) await waitFor(probe, { what: "the switch to forward", deadlineMs: 30_000, everyMs: 5 });
  }

  #inSwitch(argv: readonly string[]): Promise<string> {
    return command(["ip", "netns", "exec", namespaceName(this.#number, switchName), ...argv]);
  }

  async #setPort(host: string, interfaceName: string, state: "up" | "down"): Promise<void> {
    const port = this.#ports.get(`${host}/${interfaceName}`);
    if (port === undefined) throw new RangeError(`host "${host}" has no interface ${interfaceName}`);
    await command(["ip", "-netns", namespaceName(this.#number, switchName), "link", "set", port, state]);
  }
}

function command(argv: readonly string[], input = ""): Promise<string> {
  const [file = "", ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(file, rest, { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${argv.join(" ")}: ${stderr.trim() || error.message}`, { cause: error }));
    });
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
