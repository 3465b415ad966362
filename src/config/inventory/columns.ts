/** What the columns of an inventory are called, in English and German, as lists of UR E27 3.1.1 and of spreadsheets have them. */

/** In the order in which `export` writes them. */
export const inventoryFields = [
  "id",
  "name",
  "address",
  "via",
  "unitId",
  "mac",
  "manufacturer",
  "model",
  "firmware",
  "serial",
  "location",
  "function",
  "category",
  "zone",
  "segment",
  "switch",
  "ifIndex",
  "protocol",
  "profile",
  "description",
] as const;
export type InventoryField = (typeof inventoryFields)[number];

/** The head that `export` writes, which `import` reads back. */
export const exportHead: Readonly<Record<InventoryField, string>> = {
  id: "id",
  name: "name",
  address: "ip address",
  via: "gateway",
  unitId: "unit id",
  mac: "mac address",
  manufacturer: "manufacturer",
  model: "model",
  firmware: "firmware",
  serial: "serial number",
  location: "location",
  function: "function",
  category: "category",
  zone: "zone",
  segment: "segment",
  switch: "switch",
  ifIndex: "ifindex",
  protocol: "protocol",
  profile: "profile",
  description: "description",
};

/** As `headKey` makes them; of two columns that mean the same the first counts. */
const names: Readonly<Record<InventoryField, string>> = {
  id: "id deviceid assetid assetno assetnumber assettag inventorynumber inventoryno inventarnummer inventarnr inventarno anlagennummer geraeteid kks",
  name: "name devicename hostname host device asset assetname equipment equipmentname component componentname system systemname tag tagname geraet geraetename geraetebezeichnung gerat geratename bezeichnung benennung komponente anlage anlagenkennzeichen betriebsmittelkennzeichen bmk kennzeichnung",
  address:
    "ip ipaddress ipaddresses ipaddr ipv4 ipv4address ipv6 ipv6address ipadresse ipadressen ipadr address networkaddress netzwerkadresse adresse",
  via: "via gateway serialgateway modbusgateway geraetegateway",
  unitId: "unitid unit slaveid slaveaddress modbusid modbusaddress modbusadresse modbusunitid unitnumber",
  mac: "mac macaddress macaddresses macaddr macadresse macadressen physicaladdress physikalischeadresse hardwareaddress ethernetaddress",
  manufacturer: "manufacturer vendor brand make maker oem supplier hersteller lieferant marke fabrikat brandmanufacturer manufacturerbrand",
  model:
    "model modell modelno modelnumber modelltyp typ type devicetype product productname productcode partnumber partno ordernumber orderno orderingcode catalognumber mlfb bestellnummer bestellnr artikelnummer artikelnr geraetetyp typenbezeichnung produkt",
  firmware:
    "firmware firmwareversion fw fwversion software softwareversion sw swversion version versionandpatchlevel versionpatchlevel softwarestand firmwarestand",
  serial: "serial serialnumber serialno sn seriennummer seriennr fabriknummer fabriknr",
  location: "location place position room deck area cabinet panel standort ort einbauort raum schrank schaltschrank aufstellort",
  function: "function purpose role use funktion zweck rolle verwendung aufgabe",
  category:
    "category criticality cat securitycategory e22category systemcategory criticalitycategory categorycriticality kritikalitaet kritikalitat kategorie schutzbedarf",
  zone: "zone securityzone networkzone sicherheitszone netzzone zonename",
  segment: "segment networksegment netzsegment vlan vlanname subnetname",
  switch: "switch switchname connectedswitch switchport switchandport netzwerkswitch switchanschluss",
  ifIndex: "ifindex switchifindex portifindex",
  protocol:
    "protocol protocols supportedprotocols communicationprotocol communicationprotocols supportedcommunicationprotocols protokoll protokolle",
  profile: "profile deviceprofile profileid profil geraeteprofil",
  description:
    "description shortdescription remarks remark comment comments notes beschreibung kurzbeschreibung bemerkung bemerkungen kommentar",
};

const fieldOf: ReadonlyMap<string, InventoryField> = new Map(
  inventoryFields.flatMap((field) => names[field].split(" ").map((name) => [name, field] as const)),
);

/** `IP-Adresse (LAN)` becomes `ipadresse`: letters and digits alone, without what stands in brackets, umlauts written out. */
export function headKey(head: string): string {
  const spelled = head.toLowerCase().replaceAll(/\([^)]*\)|\[[^\]]*\]/gu, "");
  const plain = spelled.replaceAll("ä", "ae").replaceAll("ö", "oe").replaceAll("ü", "ue").replaceAll("ß", "ss");
  return plain
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^a-z0-9]/gu, "");
}

export function inventoryFieldOf(head: string): InventoryField | undefined {
  return fieldOf.get(headKey(head));
}
