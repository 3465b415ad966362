/** An inventory of 300 lines as ships and plants have them: most of it good, and every error that people make in a spreadsheet. */

/** What becomes of a line. */
export type Fate =
  | "placed"
  | "never asked"
  | "blank"
  | "no address"
  | "several addresses"
  | "a range"
  | "no literal address"
  | "no segment"
  | "unknown vendor or model"
  | "twice in the inventory"
  | "refused by the watchlist";

export interface Line {
  readonly fate: Fate;
  readonly cells: readonly string[];
}

const head = [
  "Gerätename",
  "IP-Adresse",
  "MAC-Adresse",
  "Hersteller",
  "Typ",
  "Firmware",
  "Seriennummer",
  "Einbauort",
  "Kritikalität",
  "Zone",
  "Bemerkung",
  "Kostenstelle",
  "Typ",
];

/** Above the head: a title and an empty line, as exports have them. */
const above = [["Geräteliste MV Aurora", "Stand: 20.11.2026"], [""]];

const families = [
  ["Schneider Electric", "TM221CE24R", "1.11"],
  ["Siemens AG", "S7-1200 CPU 1214C", "V4.4"],
  ["SIEMENS", "S7-1500 CPU 1513", "2.9"],
  ["Siemens", "SIMATIC S7-300", "3.3"],
  ["WAGO", "PFC200", "22"],
  ["Moxa", "MGate MB3170", "4.2"],
  ["Allen-Bradley", "ControlLogix 1756-L73", "31.011"],
  ["Hirschmann", "RS20 Switch", "9.1"],
  ["Phoenix Contact", "AXC F 2152", "2024.0"],
] as const;
const rooms = ["Maschinenraum Bb", "Brücke ", " Kühlraum 2", "Deck\u00A05", "Lüfterraum\nachtern", "Öltank"];

const good = 250;

function ordinary(n: number): Line {
  const [vendor, model, firmware] = families[n % families.length]!;
  const address = `10.20.${1 + (n >> 7)}.${20 + (n & 127)}`;
  const spoilt = [address, ` ${address}`, `${address} `, `\u00A0${address}`, `${address}/24`][n % 5]!;
  const mac = `00-80-f4-00-${(n >> 8).toString(16).padStart(2, "0")}-${(n & 255).toString(16).padStart(2, "0")}`;
  const cells = [`Kühlwasserpumpe ${n + 1} `, spoilt, n % 7 === 0 ? "" : mac, vendor, model, firmware, `SN-${n}`];
  return {
    fate: "placed",
    cells: [...cells, rooms[n % rooms.length]!, ["II", "hoch", "niedrig", ""][n % 4]!, "OT-1", n % 11 === 0 ? "geprüft; i.O." : "", "4711"],
  };
}

const odd = (fate: Fate, name: string, address: string, vendor = "Siemens", model = "S7-1200", mac = "", remark = ""): Line => ({
  fate,
  cells: [name, address, mac, vendor, model, "", "", "", "", "", remark, ""],
});

const errors: readonly Line[] = [
  odd("placed", '=HYPERLINK("http://a.example";"Pumpe")', "10.20.2.200", "Siemens", "S7-1200", "", "=1+1"),
  odd("placed", "@SUM(A1:A9)", "10.20.2.201"),
  odd("placed", "+49 40 123", "10.20.2.202"),
  odd("placed", "", "10.20.2.203"),
  odd("placed", "MAC falsch", "10.20.2.204", "Siemens", "S7-1200", "00-80-F4-zz"),
  odd("placed", 'Pumpe "groß"', "10.20.2.205"),
  odd("never asked", "Brandmeldezentrale", "10.20.2.210", "ACME", "BMZ 1"),
  odd("never asked", "Brennersteuerung", "10.20.2.211"),
  odd("never asked", "ECDIS 1", "10.20.2.212", "", ""),
  odd("never asked", "Schutzrelais Generator 1", "10.20.2.213", "Siemens", "SIPROTEC 7SJ82"),
  odd("blank", "", "", "", ""),
  odd("blank", "   ", "\u00A0", "", ""),
  odd("no address", "Ohne Adresse", ""),
  odd("no address", "Strich statt Adresse", "-"),
  odd("no address", "Unbekannte Adresse", "n/a"),
  odd("several addresses", "Zwei Adressen", "10.20.2.220, 10.20.2.221"),
  odd("several addresses", "Zwei Zeilen in einer Zelle", "10.20.2.222\n10.20.2.223"),
  odd("a range", "Von bis", "10.20.2.30-40"),
  odd("a range", "Von bis, deutsch", "10.20.2.30 bis 10.20.2.40"),
  odd("a range", "Mit Stern", "10.20.2.*"),
  odd("a range", "Mit x", "10.20.2.x"),
  odd("a range", "Ganzes Netz", "10.20.2.0/24"),
  odd("no literal address", "Hostname", "plc01.aurora.local"),
  odd("no literal address", "DHCP", "DHCP"),
  odd("no literal address", "Führende Nullen", "010.020.002.011"),
  odd("no literal address", "Zahl zu groß", "10.20.2.300"),
  odd("no literal address", "Komma statt Punkt", "10,20,2,15"),
  odd("no literal address", "Als Zahl gespeichert", "1,0202E+07"),
  odd("no literal address", "Mit Port", "10.20.2.15:502"),
  odd("no segment", "Fremdes Netz", "192.168.0.10"),
  odd("no segment", "Selbst vergeben", "169.254.3.4"),
  odd("unknown vendor or model", "Unbekannter Hersteller", "10.20.2.230", "ACME", "X1"),
  odd("unknown vendor or model", "Weder noch", "10.20.2.231", "", ""),
  odd("twice in the inventory", "Doppelte Adresse", "10.20.1.20"),
  odd("twice in the inventory", "Kühlwasserpumpe 1", "10.20.2.232"),
  odd("twice in the inventory", "KUEHLWASSERPUMPE 2", "10.20.2.233"),
  odd("refused by the watchlist", "Wir selbst", "10.20.1.5"),
  odd("refused by the watchlist", "Rundruf", "10.20.2.255"),
  odd("refused by the watchlist", "日本", "10.20.2.240"),
];

/** 300, the errors among the good ones in an order that is always the same. */
export const lines: readonly Line[] = [
  ...Array.from({ length: good }, (_, n) => ordinary(n)),
  ...errors,
  ...Array.from({ length: 300 - good - errors.length }, () => odd("blank", "", "", "", "")),
];

/** As Excel saves it: cells in quotes only where they must be, and line breaks of Windows. */
export function asCsv(separator: ";" | "," | "\t"): string {
  const cell = (text: string): string => (/[;,\t"\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [...above, head, ...lines.map(({ cells }) => cells)].map((cells) => cells.map(cell).join(separator)).join("\r\n");
}

/** The number of the line in the file at which each begins, as a spreadsheet or an editor counts: cells with line breaks take several. */
export function lineNumbers(): readonly number[] {
  let at = above.length + 2;
  return lines.map(({ cells }) => {
    const begins = at;
    at += 1 + cells.join("").split("\n").length - 1;
    return begins;
  });
}
