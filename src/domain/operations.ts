/** The closed list of what may ever be asked. What is not named here cannot be encoded, approved or sent. */

/** Each name is one request a device may get. Reads only; a new protocol adds its lines here. */
export const operations = {
  "modbus-read-coils": "Modbus FC 1 read coils",
  "modbus-read-discrete-inputs": "Modbus FC 2 read discrete inputs",
  "modbus-read-holding-registers": "Modbus FC 3 read holding registers",
  "modbus-read-input-registers": "Modbus FC 4 read input registers",
  "modbus-report-server-id": "Modbus FC 17 report server id",
  "modbus-read-device-identification": "Modbus FC 43/14 read device identification",
  "enip-list-identity": "EtherNet/IP List Identity",
  "enip-register-session": "EtherNet/IP RegisterSession",
  "enip-read-identity": "EtherNet/IP SendRRData with CIP Get_Attributes_All of the Identity object, instance 1",
  "enip-read-slot-identity":
    "EtherNet/IP SendRRData with CIP Unconnected Send of Get_Attributes_All of the Identity object, instance 1, to a slot of the backplane",
  "enip-unregister-session": "EtherNet/IP UnregisterSession",
  "opcua-hello": "OPC UA HEL",
  "opcua-open-channel": "OPC UA OpenSecureChannel, new or renewed",
  "opcua-get-endpoints": "OPC UA GetEndpoints",
  "opcua-create-session": "OPC UA CreateSession",
  "opcua-activate-session": "OPC UA ActivateSession",
  "opcua-create-subscription": "OPC UA CreateSubscription, without monitored items",
  "opcua-publish": "OPC UA Publish",
  "opcua-read": "OPC UA Read of ServerStatus nodes",
  "opcua-read-server": "OPC UA Read of BuildInfo, ServerCapabilities, NamespaceArray and what else a server says of itself",
  "opcua-close-session": "OPC UA CloseSession",
  "opcua-close-channel": "OPC UA CloseSecureChannel",
  "opcua-secured-message": "OPC UA encrypted message, one of the requests above: the wire cannot see which",
  "s7-connect": "S7 COTP connection request, S7-basic or OP",
  "s7-setup": "S7 communication setup",
  "s7-read-szl": "S7 read of a named system status list",
  "s7-read-area": "S7 read of named bytes",
  "icmp-echo": "ICMP echo request",
  "snmp-discover-engine": "SNMPv3 engine discovery",
  "snmp-get": "SNMP Get of named objects",
  "snmp-get-next": "SNMP GetNext of one entry of a named table",
} as const;

export type Operation = keyof typeof operations;
export type Protocol = "modbus" | "enip" | "opcua" | "s7" | "icmp" | "snmp";

/** The methods a watchlist may name; which of them this build can speak is the method registry's answer. */
export const methodIds = [
  "modbus-fc43",
  "modbus-fc17",
  "modbus-fc1",
  "modbus-fc2",
  "modbus-fc3",
  "modbus-fc4",
  "enip-list-identity",
  "enip-identity-object",
  "opcua-keepalive",
  "opcua-read",
  "opcua-hello",
  "opcua-get-endpoints",
  "s7-cpu-status",
  "s7-read",
  "icmp-echo",
  "snmp-get",
] as const;
export type MethodId = (typeof methodIds)[number];
