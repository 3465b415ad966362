/** What tshark's dissector of OPC UA says of captured packets: which messages, from whom. */
import { requestsFromUs, withFlag, type Packet } from "./packets.ts";

/** How a session begins and ends over security None, in tshark's words. */
export const opening: readonly string[] = ["Hello", "OpenSecureChannelRequest", "CreateSessionRequest", "ActivateSessionRequest"];
export const closing: readonly string[] = ["CloseSessionRequest", "CloseSecureChannelRequest"];

/** Such as "Hello", "OpenSecureChannelRequest", "PublishResponse"; of an encrypted one "ServiceId 0". Empty for a packet that completes no message. */
export function messagesIn({ dissector, info, payloadLength }: Packet): readonly string[] {
  return payloadLength > 0 && dissector === "OpcUa" ? info.split(", ").map(nameIn) : [];
}

/** What was asked, in order, without the kernel's copies. */
export function messagesFromUs(packets: readonly Packet[]): readonly string[] {
  return requestsFromUs(packets).flatMap((packet) => messagesIn(packet));
}

/** The chunk types of what was asked, in order; all that is to be seen of an encrypted channel. */
export function chunksFromUs(packets: readonly Packet[]): readonly string[] {
  const typed = requestsFromUs(packets).filter(({ dissector }) => dissector === "OpcUa");
  return typed.flatMap(({ info }) => info.split(", ").map((words) => words.replace(/ message.*$/iu, "")));
}

/** One TCP connection after the other. */
export function conversations(packets: readonly Packet[]): readonly (readonly Packet[])[] {
  return [...Map.groupBy(packets, ({ stream }) => stream).values()].filter((one) => withFlag(one, "SYN").length > 0);
}

function nameIn(words: string): string {
  return /: (.+)$/u.exec(words)?.[1] ?? words.replace(/ message$/u, "");
}
