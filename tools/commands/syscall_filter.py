"""Makes the filter of system calls for commands in the sandbox, as a classic BPF program (seccomp(2)).

It closes the kernel's keyrings, which no namespace of the sandbox separates where it has none for users. For root it
also refuses the set-user-ID and set-group-ID bits: a file with them would make whoever runs it outside become root.
"""

from __future__ import annotations

import base64
import os
import struct
from collections.abc import Mapping
from functools import cache

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_LOAD, _JUMP_EQUAL, _JUMP_SET, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16
_X32_BIT = 0x40000000
_ID_BITS = 0o6000
# O_CREAT, and the bit that only O_TMPFILE has: otherwise the mode is whatever stands there.
_MAKES_A_FILE = 0o100 | 0o20000000

Instruction = tuple[int, int, int, int]

# For each architecture: the calls of keyrings; those whose argument of that number is a mode; those that also have
# flags, as (flags, mode); and openat2, whose mode is in memory, where no filter sees it (programs then use openat).
_KEYS = {0xC000003E: (248, 249, 250), 0x40000003: (286, 287, 288), 0xC00000B7: (217, 218, 219)}
_MODES: Mapping[int, Mapping[int, int]] = {
    0xC000003E: {90: 1, 91: 1, 268: 2, 452: 2, 85: 1, 133: 1, 259: 2},
    0x40000003: {15: 1, 94: 1, 306: 2, 452: 2, 8: 1, 14: 1, 297: 2},
    0xC00000B7: {52: 1, 53: 2, 452: 2, 33: 2},
}
_FLAGS: Mapping[int, Mapping[int, tuple[int, int]]] = {
    0xC000003E: {2: (1, 2), 257: (2, 3)},
    0x40000003: {5: (1, 2), 295: (2, 3)},
    0xC00000B7: {56: (2, 3)},
}
_OPENAT2 = 437


@cache
def make_filter() -> str:
    """Makes the program, as base64 of an array of `struct sock_filter`. Other architectures are not filtered."""
    program: list[Instruction] = [(_LOAD, 0, 0, _ARCH_AT)]
    for arch in _KEYS:
        block = _for_architecture(arch, as_root=os.geteuid() == 0)
        # A jump reaches over 255 instructions: each block is shorter.
        program += [(_JUMP_EQUAL, 0, len(block), arch), *block]
    program.append((_RETURN, 0, 0, _ALLOW))
    return base64.b64encode(b"".join(struct.pack("=HBBI", *each) for each in program)).decode()


def _for_architecture(arch: int, *, as_root: bool) -> list[Instruction]:
    block: list[Instruction] = [(_LOAD, 0, 0, _NUMBER_AT)]
    if arch == 0xC000003E:
        block.append((_AND, 0, 0, ~_X32_BIT & 0xFFFFFFFF))
    refuse = (_RETURN, 0, 0, _ERRNO | _EPERM)
    allow = (_RETURN, 0, 0, _ALLOW)
    for number in _KEYS[arch]:
        block += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    if as_root:
        for number, mode in _MODES[arch].items():
            block += [(_JUMP_EQUAL, 0, 4, number), _argument(mode), (_JUMP_SET, 0, 1, _ID_BITS), refuse, allow]
        for number, (flags, mode) in _FLAGS[arch].items():
            looked_at = [_argument(flags), (_JUMP_SET, 0, 3, _MAKES_A_FILE)]
            block += [(_JUMP_EQUAL, 0, 6, number), *looked_at, _argument(mode), (_JUMP_SET, 0, 1, _ID_BITS)]
            block += [refuse, allow]
        block += [(_JUMP_EQUAL, 0, 1, _OPENAT2), (_RETURN, 0, 0, _ERRNO | _ENOSYS)]
    return [*block, allow]


def _argument(number: int) -> Instruction:
    """Loads the lower half of an argument; all of these architectures have it first."""
    return _LOAD, 0, 0, _ARGUMENTS_AT + 8 * number
