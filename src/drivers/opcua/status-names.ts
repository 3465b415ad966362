/** Names of the status codes that may come before a library is loaded: those of the transport (Part 6, 7.1.5; Opc.Ua.StatusCodes.csv). */

const names: ReadonlyMap<number, string> = new Map([
  [0x80010000, "BadUnexpectedError"],
  [0x80020000, "BadInternalError"],
  [0x80030000, "BadOutOfMemory"],
  [0x80080000, "BadEncodingLimitsExceeded"],
  [0x800a0000, "BadTimeout"],
  [0x800d0000, "BadServerNotConnected"],
  [0x800e0000, "BadServerHalted"],
  [0x80120000, "BadCertificateInvalid"],
  [0x80130000, "BadSecurityChecksFailed"],
  [0x80140000, "BadCertificateTimeInvalid"],
  [0x80160000, "BadCertificateHostNameInvalid"],
  [0x80170000, "BadCertificateUriInvalid"],
  [0x80180000, "BadCertificateUseNotAllowed"],
  [0x801a0000, "BadCertificateUntrusted"],
  [0x80220000, "BadSecureChannelIdInvalid"],
  [0x80540000, "BadSecurityModeRejected"],
  [0x80550000, "BadSecurityPolicyRejected"],
  [0x807d0000, "BadTcpServerTooBusy"],
  [0x807e0000, "BadTcpMessageTypeInvalid"],
  [0x807f0000, "BadTcpSecureChannelUnknown"],
  [0x80800000, "BadTcpMessageTooLarge"],
  [0x80810000, "BadTcpNotEnoughResources"],
  [0x80820000, "BadTcpInternalError"],
  [0x80830000, "BadTcpEndpointUrlInvalid"],
  [0x80840000, "BadRequestInterrupted"],
  [0x80850000, "BadRequestTimeout"],
  [0x80860000, "BadSecureChannelClosed"],
  [0x80870000, "BadSecureChannelTokenUnknown"],
  [0x80ac0000, "BadConnectionRejected"],
  [0x80ae0000, "BadConnectionClosed"],
  [0x80be0000, "BadProtocolVersionUnsupported"],
]);

/** The name, or a word for one that is not in the table: its number stands beside it. */
export function statusName(status: number): string {
  return names.get(status) ?? "a status without a name here";
}
