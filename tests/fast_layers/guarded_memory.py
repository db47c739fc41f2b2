"""Put arrays next to pages without access: touching one number too far is a SIGSEGV.

NumPy allows other functions to give it memory (NEP 49). With the functions here, the data of every array,
even of a result, begins right behind a page without access, or ends right before one. It is filled with bytes
that mean NaN, and its memory is given back with the array.
"""

import ctypes
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

PAGE = mmap.PAGESIZE
NO_ACCESS, READ_WRITE = 0, 3
PRIVATE_ANONYMOUS = 0x22
CAPSULE = b"mem_handler"  # the capsule keeps a pointer to it
SET_HANDLER = 304  # its place in the table of NumPy's C functions
FILL = 0xFF

pointer, size_t = ctypes.c_void_p, ctypes.c_size_t
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = pointer
libc.mmap.argtypes = (pointer, size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
libc.munmap.argtypes = (pointer, size_t)
libc.mprotect.argtypes = (pointer, size_t, ctypes.c_int)

MALLOC = ctypes.CFUNCTYPE(pointer, pointer, size_t)
CALLOC = ctypes.CFUNCTYPE(pointer, pointer, size_t, size_t)
REALLOC = ctypes.CFUNCTYPE(pointer, pointer, pointer, size_t)
FREE = ctypes.CFUNCTYPE(None, pointer, pointer, size_t)

placed_at_end = True
blocks: dict[int, tuple[int, int, int]] = {}  # address: address and size of the mapping, size asked for


def _allocate(_: int | None, size: int) -> int:
    inside = max(1, -(-size // PAGE)) * PAGE
    mapping = libc.mmap(None, inside + 2 * PAGE, NO_ACCESS, PRIVATE_ANONYMOUS, -1, 0)
    if mapping in (None, ctypes.c_void_p(-1).value):
        return 0
    libc.mprotect(mapping + PAGE, inside, READ_WRITE)
    address = int(mapping) + PAGE + (inside - size if placed_at_end else 0)
    ctypes.memset(address, FILL, size)
    blocks[address] = (mapping, inside + 2 * PAGE, size)
    return address


def _allocate_zeros(_: int | None, count: int, size: int) -> int:
    address = _allocate(None, count * size)
    ctypes.memset(address, 0, count * size)
    return address


def _free(_: int | None, address: int | None, size: int) -> None:
    if address:
        libc.munmap(*blocks.pop(address)[:2])


def _resize(_: int | None, address: int | None, size: int) -> int:
    moved = _allocate(None, size)
    if address:
        ctypes.memmove(moved, address, min(size, blocks[address][2]))
        _free(None, address, 0)
    return moved


class Handler(ctypes.Structure):
    """NumPy's PyDataMem_Handler."""

    _fields_ = (
        ("name", ctypes.c_char * 127),
        ("version", ctypes.c_uint8),
        ("context", pointer),
        ("malloc", MALLOC),
        ("calloc", CALLOC),
        ("realloc", REALLOC),
        ("free", FREE),
    )


_handler = Handler(
    b"guarded", 1, None, MALLOC(_allocate), CALLOC(_allocate_zeros), REALLOC(_resize), FREE(_free)
)
_get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_get_pointer.restype, _get_pointer.argtypes = pointer, (ctypes.py_object, ctypes.c_char_p)
_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype, _new_capsule.argtypes = ctypes.py_object, (pointer, ctypes.c_char_p, pointer)
_functions: Any = np._core._multiarray_umath._ARRAY_API  # type: ignore[attr-defined]
_table = ctypes.cast(_get_pointer(_functions, None), ctypes.POINTER(pointer))
_set_handler = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)(_table[SET_HANDLER])
_capsule = _new_capsule(ctypes.addressof(_handler), CAPSULE, None)


@contextmanager
def guarded(at_end: bool) -> Iterator[None]:
    """Give arrays that are made from now on memory that ends, or begins, next to a page without access."""
    global placed_at_end  # noqa: PLW0603 - the handler that NumPy calls has no other way to know
    placed_at_end = at_end
    before = _set_handler(_capsule)
    try:
        yield
    finally:
        _set_handler(before)
