/** The files that `init` writes: small, valid as they are, and with comments that teach. Every commented example is valid too (a test removes the #). */

export interface TemplateInput {
  readonly site: string;
  readonly lab: boolean;
  /** Where the state folder lies, if not beside the settings. */
  readonly stateDir?: string;
}

/** Lines that begin with `#  ` are examples, lines that begin with `# ` and a letter are explanations. */
export function settingsText({ site, lab, stateDir }: TemplateInput): string {
  return `# Settings of this site. \`watchkeeper check-config\` says what is wrong, with file and line.
# Paths are relative to this file.
${lab ? "# LAB: this site was made with --lab; it asks loopback and documentation addresses only.\n" : ""}
site: ${site}
${`stateDir: ${stateDir ?? "./state"}`.padEnd(34)} # the poller's own; made by \`init\`, never copied or restored
watchlist: ./watchlist.yaml
profileDir: ./device-profiles      # this site's copies of device profiles, with their approvals

# Where Prometheus reads the results: /metrics. A scrape never causes a packet to a device.
# Others than this machine are let in with TLS and passwords alone, which stand in the file of configFile: docs/web.md.
web: {listenAddresses: ["127.0.0.1:9824"], configFile: null}

log: {level: info, format: json}   # level: trace debug info warn error; format: json text
labels: {address: false}           # true: every metric carries the device's address
`;
}

export function watchlistText(): string {
  return `# What this site watches. A device that does not stand here never gets a packet, and one that does gets none before
# its profile is approved: watchkeeper plan  ->  watchkeeper approve  ->  watchkeeper run
schema: watchlist/v1

# To begin, remove the # and the two spaces after it from the examples below, and put your own devices in. With an inventory:
# name the segments here, then \`watchkeeper import inventory.csv\` adds the devices, each with comments that say what to look at.

# A segment is one subnet. localAddress is this computer's own address on it: packets leave by that interface.
#  segments:
#    - {id: hvac, zone: OT-1, subnet: 192.0.2.0/24, localAddress: 192.0.2.5}

# The segments of one poller lie in one zone. Where they do not, somebody approves the crossing, every two zones of it, as
# zoneCrossings: [{zones: [OT-1, OT-2], approvedBy: chief engineer, reason: one cabinet, changeReference: MOC-2026-014}]

# A gateway is a serial bus behind one address: one request at a time, and the bus decides how often.
#  gateways:
#    - {id: fw-serial, address: 192.0.2.30, segment: hvac, responseTimeout: 1s, retries: 3, unitCount: 6, otherClients: [SCADA-1]}

# A device. function: control, monitoring or network; safety, protection and navigation are never asked.
# statements are what only you know. One that the profile asks for and that is missing is a refusal, never zero:
# - otherClients: everything else that keeps a connection to the device (SCADA, HMI, historian); [] when there is none
# - watchdog: what keeps its communication watchdog from running out, as it is set in this very device:
# none, write-only, owner-only, any-telegram, function-code-mask or unknown; closeCausesFault: true where the end of a
# connection can trip it (some drives), and then none is opened
#  devices:
#    - id: fresh-water-plc
#      name: Fresh water plant PLC
#      address: 192.0.2.11
#      segment: hvac
#      function: control
#      category: II
#      profile: generic-modbus-tcp
#      asset: {manufacturer: Schneider, model: TM221CE24R, firmware: "1.11", location: "Deck 2"}
#      statements:
#        otherClients: [SCADA-1]              # {name: HMI-2, connections: 2} for one that holds several
#        watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}
#      checks:
#        - {method: modbus-fc43, unitId: 1, interval: 60s}

# What is never asked, whatever else stands in this file. Say why: the next person will want to know.
#  excluded:
#    - {address: 192.0.2.66, reason: "maker forbids third-party connections"}
#    - {range: 192.0.2.80/28, reason: "burner management"}
`;
}

export function profilesText(): string {
  return `# Device profiles of this site

One file a device family, \`<profile id>.yaml\`, beside the profiles that come with Watchkeeper and lie under them as a floor.
A file here can only make a profile stricter. It holds the approval: who allowed what to be sent, to which devices, until when.

\`watchkeeper approve\` writes the approval; a family without a file here is a draft and is never asked.
`;
}
