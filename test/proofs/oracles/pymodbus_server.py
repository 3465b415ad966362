"""An independent Modbus TCP device: pymodbus with device identification, function codes 1-4, 17 and 43/14.

Usage: pymodbus_server.py [--rtu] [--long] ADDRESS PORT [UNIT,UNIT...]
With --long its identification is too long for one reply, and it has extended objects.
With --rtu it takes raw RTU frames with their CRC in the TCP connection, as some serial gateways do, instead of Modbus TCP.
Without units every unit id is answered; with units the others get silence, as on a serial bus.
Coils: even addresses on. Discrete inputs: odd addresses on. Holding register n: 1000 + n. Input register n: 2000 + n.
"""

import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server.async_io import StartAsyncTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

SIZE = 128

IDENTITY = ModbusDeviceIdentification(
    info_name={
        "VendorName": "Oracle Works",
        "ProductCode": "PYM-3",
        "MajorMinorRevision": "3.0.0",
        "VendorUrl": "http://example.invalid/",
        "ProductName": "Independent device",
        "ModelName": "pymodbus",
        "UserApplicationName": "wire proof",
    }
)


def lengthen() -> None:
    """Three objects that no two of them fit into one reply, and two of the maker's own."""
    IDENTITY.VendorUrl = "http://example.invalid/" + "u" * 150
    IDENTITY.ProductName = "Independent device " + "p" * 150
    IDENTITY.ModelName = "pymodbus " + "m" * 150
    IDENTITY[0x80] = b"serial SN-4711"
    IDENTITY[0x81] = b"x" * 240


def unit() -> ModbusSlaveContext:
    # zero_mode: the address on the wire is the address in the block, without pymodbus' shift by one.
    return ModbusSlaveContext(
        co=ModbusSequentialDataBlock(0, [n % 2 == 0 for n in range(SIZE)]),
        di=ModbusSequentialDataBlock(0, [n % 2 == 1 for n in range(SIZE)]),
        hr=ModbusSequentialDataBlock(0, [1000 + n for n in range(SIZE)]),
        ir=ModbusSequentialDataBlock(0, [2000 + n for n in range(SIZE)]),
        zero_mode=True,
    )


def main() -> None:
    arguments = sys.argv[1:]
    framer = ModbusRtuFramer if "--rtu" in arguments else ModbusSocketFramer
    if "--long" in arguments:
        lengthen()
    address, port, *listed = [text for text in arguments if not text.startswith("--")]
    units = [int(text) for text in listed[0].split(",")] if listed else []
    slaves = {number: unit() for number in units} if units else unit()
    context = ModbusServerContext(slaves=slaves, single=not units)
    # The synchronous StartTcpServer of this pymodbus never listens; the asynchronous one does.
    asyncio.run(StartAsyncTcpServer(context=context, identity=IDENTITY, address=(address, int(port)), framer=framer))


main()
