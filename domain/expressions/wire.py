"""The little of protobuf's wire format that a compiled expression is written in."""

import struct
from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {FIXED64: 8, FIXED32: 4}


def read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Each field's number and value: an unsigned int of a varint, the bytes of anything else."""
    position = 0
    while position < len(message):
        tag, position = _read_varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == VARINT:
            value, position = _read_varint(message, position)
            yield number, value
            continue
        if wire_type == LENGTH:
            size, position = _read_varint(message, position)
        else:
            size = _FIXED_SIZES[wire_type]
        yield number, message[position : position + size]
        position += size


def sub_messages(message: bytes, number: int) -> Iterator[bytes]:
    """Every occurrence of a field that holds text, bytes or a message."""
    for found, value in read_fields(message):
        if found == number and isinstance(value, bytes):
            yield value


def to_signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def to_double(value: bytes) -> float:
    (number,) = struct.unpack("<d", value)
    return float(number)


def varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3 | VARINT) + _varint(value & (1 << 64) - 1)


def double_field(number: int, value: float) -> bytes:
    return _varint(number << 3 | FIXED64) + struct.pack("<d", value)


def bytes_field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | LENGTH) + _varint(len(value)) + value


def text_field(number: int, value: str) -> bytes:
    return bytes_field(number, value.encode())


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
