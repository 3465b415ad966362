/** SNMP messages as net-snmp encodes them, byte for byte, with a mask that leaves open what differs from one to the next. */

/** Bytes and their mask, of one length. */
type Framed = readonly [bytes: Uint8Array, mask: Uint8Array];

const open = (count: number): Framed => [new Uint8Array(count), new Uint8Array(count)];
const fixed = (...bytes: readonly number[]): Framed => [Uint8Array.from(bytes), new Uint8Array(bytes.length).fill(0xff)];

function joined(parts: readonly Framed[]): Framed {
  const join = (which: 0 | 1): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part[which]]));
  return [join(0), join(1)];
}

/** One element: tag, the shortest form of the length, content. */
function element(tag: number, ...content: readonly Framed[]): Framed {
  const inside = joined(content);
  return joined([fixed(tag, ...lengthBytes(inside[0].length)), inside]);
}

function lengthBytes(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

const [integerTag, octetsTag, nullTag, oidTag, sequenceTag] = [0x02, 0x04, 0x05, 0x06, 0x30];
const requestTags = { get: 0xa0, "get-next": 0xa1 } as const;
export type Request = keyof typeof requestTags;
/** Numbers of requests and messages take four bytes here: net-snmp draws again until they do. */
const idBytes = 4;
const id = element(integerTag, open(idBytes));
const zero = element(integerTag, fixed(0));
const empty = element(octetsTag);

/** An object's name, and how many bytes of it are left open at its end: an index that the device gives. */
export interface Name {
  readonly oid: string;
  readonly openBytes?: number;
}

function oid({ oid: dotted, openBytes = 0 }: Name): Framed {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  return element(oidTag, fixed(first * 40 + second, ...rest.flatMap(base128)), open(openBytes));
}

function base128(value: number): readonly number[] {
  const low = value % 128;
  const high = Math.floor(value / 128);
  return high === 0 ? [low] : [...base128(high).map((byte) => byte | 0x80), low];
}

function pdu(request: Request, names: readonly Name[]): Framed {
  const variables = names.map((name) => element(sequenceTag, oid(name), element(nullTag)));
  return element(requestTags[request], id, zero, zero, element(sequenceTag, ...variables));
}

/** RFC 1901: version 1 stands for v2c. */
export function plainRequest(communityBytes: number, request: Request, names: readonly Name[]): Framed {
  return element(sequenceTag, element(integerTag, fixed(1)), element(octetsTag, open(communityBytes)), pdu(request, names));
}

/** The longest message that net-snmp says it takes. */
const maxSize = fixed(integerTag, 3, 0x00, 0xff, 0xe3);
const header = (flags: number): Framed =>
  element(sequenceTag, id, maxSize, element(octetsTag, fixed(flags)), element(integerTag, fixed(3)));
const v3 = element(integerTag, fixed(3));

/** RFC 3414, 4. */
export function discovery(): Framed {
  const security = element(octetsTag, element(sequenceTag, empty, zero, zero, empty, empty, empty));
  return element(sequenceTag, v3, header(0x04), security, element(sequenceTag, empty, empty, pdu("get", [])));
}

/** RFC 3411, 5: an engine id has 5 to 32 bytes. */
const engineIdBytes = { least: 5, most: 32 } as const;
/** RFC 3414 and RFC 7860: from 12 bytes for SHA-1 to 48 for SHA-512. */
const authenticationBytes = { least: 12, most: 48 } as const;
const saltBytes = 8;
/** Boots and time are numbers of one to five bytes each. */
const clockBytes = { least: 1, most: 5 } as const;

export interface Beginning {
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
  readonly lengthMax: number;
}

/**
 * How an encrypted request begins: by its length, its own length takes one byte or two behind 0x81 or 0x82.
 * @param forms of what is asked, from the shortest to the longest
 */
export function sealedBeginnings(userBytes: number, request: Request, forms: readonly (readonly Name[])[]): readonly Beginning[] {
  const sizes = (which: "least" | "most"): number => {
    const engine = element(octetsTag, open(engineIdBytes[which]));
    const clock = element(integerTag, open(clockBytes[which]));
    const user = element(octetsTag, open(userBytes));
    const authentication = element(octetsTag, open(authenticationBytes[which]));
    const security = element(
      octetsTag,
      element(sequenceTag, engine, clock, clock, user, authentication, element(octetsTag, open(saltBytes))),
    );
    const scoped = element(octetsTag, element(sequenceTag, engine, empty, pdu(request, forms.at(which === "least" ? 0 : -1)!)));
    return joined([v3, header(0x07), security, scoped])[0].length;
  };
  // The number of the request inside is encrypted: nobody sees whether it takes four bytes or one.
  const [least, most] = [sizes("least") - (idBytes - 1), sizes("most")];
  return [1, 2].flatMap((lengthBytesCount) => {
    const longest = lengthBytesCount === 1 ? 0xff : 0xffff;
    const shortest = lengthBytesCount === 1 ? 0x80 : 0x100;
    if (least > longest || most < shortest) return [];
    const [bytes, mask] = joined([fixed(sequenceTag, 0x80 + lengthBytesCount), open(lengthBytesCount), v3, header(0x07), fixed(octetsTag)]);
    return [{ bytes, mask, lengthMax: 2 + lengthBytesCount + Math.min(most, longest) }];
  });
}
