/** The objects of a simulated managed switch: its system group, its interfaces and its bridge, in net-snmp's agent. */
import { Buffer } from "node:buffer";
import snmp from "net-snmp";

/** net-snmp's agent, as far as it is used here; its types leave it open. */
export interface Agent {
  getAuthorizer(): { addCommunity(community: string): void; addUser(user: object): void };
  getMib(): {
    setScalarValue(name: string, value: string | number | Buffer): void;
    addTableRow(table: string, row: readonly (number | string | Buffer)[]): void;
  };
  registerProvider(provider: object): void;
}

type ObjectTypeName = "Integer" | "OctetString" | "OID" | "TimeTicks" | "Gauge" | "Counter";
const { MibProviderType, MaxAccess, ObjectType } = snmp as unknown as Record<string, Record<string, number>>;
/** Net-SNMP's own number, with one of this product's. */
const objectId = "1.3.6.1.4.1.8072.3.2.255";
const system = "1.3.6.1.2.1.1";
const bridgeMib = "1.3.6.1.2.1.17";

type Value = string | number | Buffer;

function serveScalar(agent: Agent, name: string, oid: string, type: ObjectTypeName, value: () => Value): void {
  agent.registerProvider({
    name,
    type: MibProviderType!["Scalar"],
    oid,
    scalarType: ObjectType![type],
    maxAccess: MaxAccess!["read-only"],
    handler: (request: { done(): void }) => {
      agent.getMib().setScalarValue(name, value());
      request.done();
    },
  });
  agent.getMib().setScalarValue(name, value());
}

type Column = readonly [number: number, name: string, type: ObjectTypeName];

/** @param index the name of the column by which its rows are found */
function serveTable(agent: Agent, name: string, oid: string, columns: readonly Column[], index: object): void {
  agent.registerProvider({
    name,
    type: MibProviderType!["Table"],
    oid,
    maxAccess: MaxAccess!["not-accessible"],
    tableColumns: columns.map(([number, column, type]) => ({
      number,
      name: column,
      type: ObjectType![type],
      maxAccess: MaxAccess!["read-only"],
    })),
    tableIndex: [index],
  });
}

export interface SystemFacts {
  readonly description: string;
  readonly name: string;
  /** sysUpTime at this moment. */
  ticks(): number;
}

export function serveSystem(agent: Agent, { description, name, ticks }: SystemFacts): void {
  serveScalar(agent, "sysDescr", `${system}.1`, "OctetString", () => description);
  serveScalar(agent, "sysObjectID", `${system}.2`, "OID", () => objectId);
  serveScalar(agent, "sysUpTime", `${system}.3`, "TimeTicks", ticks);
  serveScalar(agent, "sysContact", `${system}.4`, "OctetString", () => "eto");
  serveScalar(agent, "sysName", `${system}.5`, "OctetString", () => name);
  serveScalar(agent, "sysLocation", `${system}.6`, "OctetString", () => "deck 2");
  serveScalar(agent, "sysServices", `${system}.7`, "Integer", () => 2);
}

/** @param ports ifOperStatus by ifIndex */
export function serveInterfaces(agent: Agent, ports: Readonly<Record<number, number>>): void {
  const columns: readonly Column[] = [
    [1, "ifIndex", "Integer"],
    [2, "ifDescr", "OctetString"],
    [3, "ifType", "Integer"],
    [5, "ifSpeed", "Gauge"],
    [6, "ifPhysAddress", "OctetString"],
    [7, "ifAdminStatus", "Integer"],
    [8, "ifOperStatus", "Integer"],
    [9, "ifLastChange", "TimeTicks"],
    [14, "ifInErrors", "Counter"],
    [20, "ifOutErrors", "Counter"],
  ];
  serveTable(agent, "ifEntry", "1.3.6.1.2.1.2.2.1", columns, { columnName: "ifIndex" });
  for (const [key, state] of Object.entries(ports)) {
    const index = Number(key);
    const address = Buffer.from([2, 0, 0, 0, index >> 8, index & 0xff]);
    agent.getMib().addTableRow("ifEntry", [index, `port ${index}`, 6, 100_000_000, address, 1, state, 360_000, index, 0]);
  }
}

/** @param learnt port by hardware address @param ports of the bridge, each the interface of its number */
export function serveBridge(agent: Agent, learnt: Readonly<Record<string, number>>, ports: readonly number[]): void {
  serveScalar(agent, "dot1dBaseBridgeAddress", `${bridgeMib}.1.1`, "OctetString", () => Buffer.from("020000000000", "hex"));
  serveScalar(agent, "dot1dBaseNumPorts", `${bridgeMib}.1.2`, "Integer", () => ports.length);
  const portColumns: readonly Column[] = [
    [1, "dot1dBasePort", "Integer"],
    [2, "dot1dBasePortIfIndex", "Integer"],
  ];
  serveTable(agent, "dot1dBasePortEntry", `${bridgeMib}.1.4.1`, portColumns, { columnName: "dot1dBasePort" });
  for (const port of ports) agent.getMib().addTableRow("dot1dBasePortEntry", [port, port]);
  const entryColumns: readonly Column[] = [
    [1, "dot1dTpFdbAddress", "OctetString"],
    [2, "dot1dTpFdbPort", "Integer"],
    [3, "dot1dTpFdbStatus", "Integer"],
  ];
  serveTable(agent, "dot1dTpFdbEntry", `${bridgeMib}.4.3.1`, entryColumns, { columnName: "dot1dTpFdbAddress", implied: true });
  for (const [address, port] of Object.entries(learnt))
    agent.getMib().addTableRow("dot1dTpFdbEntry", [Buffer.from(address.replaceAll(":", ""), "hex"), port, 3]);
}
