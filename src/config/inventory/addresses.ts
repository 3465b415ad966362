/** What stands in the address cell of an inventory: one address, or why it is none that a watchlist could name. */
import { isAddress, networkOf, parseAddress, parseSubnet, roleIn, type Address } from "../../domain/address.ts";
import { flawHints } from "../checks/address-rules.ts";
import { quote } from "../problem.ts";

export type AddressCell =
  /** `prefix` where the host was written with its mask. */
  | { readonly address: Address; readonly prefix?: number }
  /** `kind` sorts the list of what could not be placed. */
  | { readonly kind: "no address" | "several addresses" | "a range" | "no literal address"; readonly detail: string };

export function addressIn(cell: string): AddressCell {
  if (cell === "") return { kind: "no address", detail: "found no address" };
  if (/^(?:dhcp|dynamic|dynamisch|auto)/iu.test(cell))
    return { kind: "no literal address", detail: `found ${quote(cell)}: a device that is watched needs a fixed address` };
  const spoilt = spoiltHint(cell);
  if (spoilt !== undefined) return { kind: "no literal address", detail: `found ${quote(cell)}, expected one address: ${spoilt}` };
  const parts = cell.split(/[,;|&\s]+|\s(?:und|and|\/)\s/u).filter((part) => part !== "");
  const addresses = parts.filter((part) => isAddress(parseAddress(part)));
  if (isRange(cell)) return { kind: "a range", detail: `found ${quote(cell)}: name each device in a line of its own` };
  if (addresses.length > 1 && addresses.length === parts.length)
    return {
      kind: "several addresses",
      detail: `found ${quote(cell)}: give each address a line; devices of one machine then stand together under \`hardware:\``,
    };
  if (parts.length > 1) return { kind: "no literal address", detail: `found ${quote(cell)}, expected one address and nothing else` };
  return single(parts[0] ?? cell);
}

function single(text: string): AddressCell {
  const parsed = parseAddress(text);
  if (isAddress(parsed)) return { address: parsed };
  const subnet = parseSubnet(text);
  if (subnet === undefined)
    return { kind: "no literal address", detail: `found ${quote(text)}, expected one address such as 10.20.1.11: ${flawHints[parsed]}` };
  // 10.20.1.11/24 is a host that was written with its mask.
  if (roleIn(subnet, subnet.address) === "host" && networkOf(subnet).address.bits !== subnet.address.bits)
    return { address: subnet.address, prefix: subnet.prefix };
  return { kind: "a range", detail: `found ${quote(text)}: name each device in a line of its own` };
}

/** What a spreadsheet makes of an address in a cell of numbers. */
function spoiltHint(text: string): string | undefined {
  if (/^\d+(?:[.,]\d+)?e\+?\d+$/iu.test(text) || /^\d{7,12}$/u.test(text))
    return "the spreadsheet has made a number of it; format the column as text and type it again";
  return /^\d{1,3}(?:,\d{1,3}){3}$/u.test(text) ? "with dots between its numbers" : undefined;
}

function isRange(cell: string): boolean {
  return /[\d)a-f]\s*(?:-|–|\.\.+|bis|to)\s*\d/iu.test(cell) || /\d\.(?:x|\*)(?:\.|$)/iu.test(cell);
}
