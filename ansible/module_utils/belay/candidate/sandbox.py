"""A process that may read everything and write into one folder only, as far as the kernel can enforce it (Landlock)."""
from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Callable, Iterable, Optional

#: The same on every architecture.
_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
_VERSION_FLAG, _PATH, _PORT = 1, 1, 2
_NO_NEW_PRIVS, _DIE_WITH_PARENT, _KILL = 38, 1, 9
_WRITE_FILE, _TRUNCATE, _REFER = 1 << 1, 1 << 14, 1 << 13
#: Removing and making of every kind of file.
_ENTRIES = sum(1 << bit for bit in range(4, 13))
_CONNECT = 1 << 1
#: From these versions on the kernel can refuse moving, truncating, and connecting.
_HAS_REFER, _HAS_TRUNCATE, _HAS_NET = 2, 3, 4

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """How much of Landlock the kernel has; 0: nothing."""
    if platform.system() != "Linux":
        return 0
    return max(0, _libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


def dies_with_parent() -> None:
    """For `preexec_fn`: nobody would wait for it any more."""
    _libc.prctl(_DIE_WITH_PARENT, _KILL, 0, 0, 0)


def confined(folder: str, ports: Iterable[int]) -> Callable[[], None]:
    """For `preexec_fn`: from there on the process and its children write only below `folder`, and connect over TCP only to `ports`.

    They get no rights by programs of other users, and end with this process.
    """
    ports, has = tuple(ports), version()

    def confine() -> None:
        dies_with_parent()
        _libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
        if has:
            _restrict(has, folder, ports)

    return confine


def _restrict(has: int, folder: str, ports: Iterable[int]) -> None:
    files = _WRITE_FILE | (_TRUNCATE if has >= _HAS_TRUNCATE else 0)
    handled = files | _ENTRIES | (_REFER if has >= _HAS_REFER else 0)
    attributes = struct.pack("=QQ", handled, _CONNECT) if has >= _HAS_NET else struct.pack("=Q", handled)
    rules = _call(_CREATE, ctypes.c_char_p(attributes), ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    for path, allowed in ((folder, handled), ("/dev/null", files)):
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        _add(rules, _PATH, struct.pack("=Qi", allowed, handle))
    for port in ports if has >= _HAS_NET else ():
        _add(rules, _PORT, struct.pack("=QQ", _CONNECT, port))
    _call(_RESTRICT, ctypes.c_int(rules), ctypes.c_uint32(0))


def _add(rules: int, kind: int, rule: bytes) -> None:
    _call(_ADD_RULE, ctypes.c_int(rules), ctypes.c_int(kind), ctypes.c_char_p(rule), ctypes.c_uint32(0))


def _call(number: int, *arguments) -> int:
    done = _libc.syscall(number, *arguments)
    if done < 0:
        raise OSError(ctypes.get_errno(), "Landlock refused")
    return done


def database_port(credentials) -> Optional[int]:
    """The TCP port by which PHP reaches the database; None where it uses a socket."""
    return None if credentials.socket or credentials.host == "localhost" else credentials.port
