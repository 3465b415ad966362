"""An independent Modbus TCP device: pymodbus with device identification, function codes 1-4, 17 and 43/14.

Usage: pymodbus_server.py ADDRESS PORT [UNIT,UNIT...]
Without units every unit id is answered; with units the others get silence, as on a serial bus.
Coils: even addresses on. Discrete inputs: odd addresses on. Holding register n: 1000 + n. Input register n: 2000 + n.
"""

import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server.async_io import StartAsyncTcpServer

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
    address, port = sys.argv[1], int(sys.argv[2])
    units = [int(text) for text in sys.argv[3].split(",")] if len(sys.argv) > 3 else []
    slaves = {number: unit() for number in units} if units else unit()
    context = ModbusServerContext(slaves=slaves, single=not units)
    # The synchronous StartTcpServer of this pymodbus never listens; the asynchronous one does.
    asyncio.run(StartAsyncTcpServer(context=context, identity=IDENTITY, address=(address, port)))


main()
