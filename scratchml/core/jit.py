"""Compilation: the ``kernel`` decorator, its fast-math sets and its cache on disk.

This is the only module that imports numba. A kernel is a sequential function over NumPy arrays,
compiled without the GIL once per dtype, on its first call:

    @kernel()
    def scale(values, factor, out_values): ...

Compiled code is kept in files that are named after everything the machine code depends on: the
sources of *all* kernels (a kernel may call another file's kernel, whose code is then inside its
own), the signature, the processor, the versions of Python, NumPy, numba and LLVM, and the compiler
switches. A file is therefore never wrong for its name: there is no index to keep in step, nothing
to invalidate, and any number of processes may write at once. Files are written beside their place
and renamed into it, and read only when their checksum holds.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import pickle
import platform
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core import config, event
from numba.core.compiler import CompileResult
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

__all__ = [
    "CONTRACT",
    "RECIPROCAL",
    "REORDER",
    "STRICT",
    "before_each_compilation",
    "cache_directory",
    "cached_files",
    "compilation_is_on",
    "kernel",
    "kernel_sources",
    "kernel_view",
    "kernels",
    "processor",
]

STRICT: frozenset[str] = frozenset()
"""IEEE arithmetic as written: for whatever compares distances exactly."""

CONTRACT = frozenset({"contract"})
"""A product and the sum it feeds may become one fused multiply-add."""

REORDER = frozenset({"contract", "reassoc", "nsz"})
"""Sums may also be reordered, to run on SIMD lanes. NaN and infinity keep their meaning."""

RECIPROCAL = REORDER | {"arcp"}
"""Also, a quotient may become a product with the processor's estimate of a reciprocal: for first
guesses, which the kernel refines."""


def kernel(
    fastmath: frozenset[str] = STRICT, *, allocates: bool = True
) -> Callable[[Callable[..., Any]], Any]:
    """Compile a sequential function over arrays: no GIL, cached on disk, checked when called.

    Parameters
    ----------
    fastmath : frozenset of str
        ``STRICT``, ``CONTRACT``, ``REORDER`` or ``RECIPROCAL``.
    allocates : bool
        Whether the kernel makes arrays. One that makes none (nor assigns one array to a part of
        another, for which numba may make a copy) is compiled without counting references: taking a
        part of an array, which costs two atomic operations otherwise, is then free.

    Returns
    -------
    decorator
        With ``NUMBA_DISABLE_JIT=1`` the function comes back as it was.
    """

    def compile_lazily(function: Callable[..., Any]) -> Any:
        options: Any = {"fastmath": set(fastmath), "error_model": "numpy", "_nrt": allocates}
        compiled: Any = numba.njit(nogil=True, **options)(function)
        directory = cache_directory()
        # The name of a file vouches for the kernel files and for nothing else: a kernel of a
        # notebook or a script, or one that holds a closure, is compiled in every process.
        stands_in_sources = (
            Path(function.__code__.co_filename).resolve() in kernel_sources()
            and function.__closure__ is None
        )
        if stands_in_sources and compiled is not function:
            _kernels[_name_of(function)] = compiled
            if directory is not None:
                compiled._cache = KernelCache(function, directory, fastmath, allocates)
        return compiled

    return compile_lazily


_kernels: dict[str, Any] = {}


def kernels() -> dict[str, Any]:
    """The kernels of the package's kernel files that have been imported so far, by full name.

    With ``NUMBA_DISABLE_JIT=1`` there are none.
    """
    return dict(_kernels)


def compilation_is_on() -> bool:
    """Whether kernels are compiled: not so with ``NUMBA_DISABLE_JIT=1``."""
    return not getattr(config, "DISABLE_JIT", False)


@contextlib.contextmanager
def before_each_compilation(call: Callable[[str], None]) -> Iterator[None]:
    """Inside a ``with`` statement, call ``call(name)`` before a kernel is compiled, in its thread.

    What it raises ends the compilation, and whatever has called for it.
    """
    listener = _CompilationListener(call)
    with event.install_listener("numba:compile", listener):
        yield


class _CompilationListener(event.Listener):
    def __init__(self, call: Callable[[str], None]) -> None:
        self._call = call

    def on_start(self, started: event.Event) -> None:
        function = started.data["dispatcher"].py_func
        if _name_of(function) in _kernels:  # and no function of numba's own
            self._call(function.__name__)

    def on_end(self, ended: event.Event) -> None:
        """Nothing to do, but numba asks for it."""


def processor() -> tuple[str, frozenset[str]]:
    """What kernels are compiled for: LLVM's name of the processor, and the features it may use.

    That is the processor at hand, unless ``NUMBA_CPU_NAME`` and its like say otherwise.
    """
    _, name, features = cpu_target.target_context.codegen().magic_tuple()
    return name, frozenset(f[1:] for f in features.split(",") if f.startswith("+"))


def kernel_view(array: np.ndarray) -> np.ndarray:
    """The array as kernels take it: read-only memory under a view that does not say so.

    numba compiles every kernel a second time for arrays that are marked read-only (memory maps,
    what joblib hands to its workers). Kernels write to nothing but their ``out`` arguments, so that
    the mark protects nothing here.
    """
    if array.flags.writeable:
        return array
    return np.asarray(_Unmarked(array))


class _Unmarked:
    """The memory of an array, which it keeps alive, without its read-only mark."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}


def cache_directory() -> Path | None:
    """Where compiled kernels are kept, or None when nothing is.

    ``SCRATCHML_CACHE_DIR`` names the folder; ``off`` (or an empty value) turns caching off. Without
    it, the user's cache folder is taken: ``$XDG_CACHE_HOME`` or ``~/.cache``, on macOS
    ``~/Library/Caches``, on Windows ``%LOCALAPPDATA%``. Where none of these can be found (no home),
    there is no cache.

    Whoever may write a file that is read from there may have this process run any code. Files are
    therefore read only if they belong to the user or to root: users may name one folder, and each
    then finds what root or they themselves have compiled. (Windows does not tell the owner; there,
    name a folder that others cannot write to.)
    """
    chosen = os.environ.get("SCRATCHML_CACHE_DIR")
    if chosen is not None:
        if chosen.strip().lower() in ("", "0", "off", "none"):
            return None
        return Path(os.path.expanduser(chosen))
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return base / "scratchml" if base.is_absolute() else None


def cached_files() -> dict[Path, int]:
    """Size in bytes of each file of the cache: compiled kernels, and any a crash left half written.

    Whatever else lies in the folder is not listed.
    """
    directory = cache_directory()
    sizes: dict[Path, int] = {}
    if directory is not None:
        for pattern in ("scratchml.*.kernel", "scratchml.*.part"):
            for path in directory.glob(pattern):
                # Another process may have removed or renamed it since.
                with contextlib.suppress(OSError):
                    if path.is_file():
                        sizes[path] = path.stat().st_size
    return sizes


@functools.cache
def kernel_sources() -> tuple[Path, ...]:
    """The files that may hold kernels: this one, ``kernels.py`` and ``kernels/`` of every room."""
    this = Path(__file__).resolve()
    package = this.parent.parent
    found = (this, *sorted({*package.rglob("kernels.py"), *package.rglob("kernels/*.py")}))
    return tuple(path.resolve() for path in found if path.is_file())


def sources_digest() -> bytes:
    """Digest of all kernel files as they are on disk now."""
    digest = hashlib.sha256()
    for path in kernel_sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()


imported_sources_digest = functools.cache(sources_digest)
"""Digest of all kernel files as they were when the first kernel was made."""


@functools.cache
def versions() -> tuple[str, ...]:
    """Versions of all that takes part in compiling."""
    packages = ("numba", "llvmlite", "numpy")
    return (platform.python_version(), *map(importlib.metadata.version, packages))


def compiler_switches() -> tuple[str, ...]:
    """Settings that change the code numba emits; a program may change them while it runs."""
    names = ("BOUNDSCHECK", "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "DEBUGINFO_DEFAULT")
    return tuple(f"{name}={getattr(config, name, None)}" for name in names)


class KernelCache:
    """The compiled signatures of one kernel on disk; takes the place of numba's own cache.

    numba asks it for each new signature (`load_overload`) and hands it what had to be compiled
    (`save_overload`). A folder that cannot be written or read is no error: the kernel then compiles
    in every process.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        directory: Path,
        fastmath: frozenset[str],
        allocates: bool = True,
    ) -> None:
        self._name = _name_of(function)
        self._directory = directory
        self._options = sorted(fastmath), allocates
        self._sources = imported_sources_digest()

    @property
    def cache_path(self) -> str:
        """The folder, as numba's statistics report it."""
        return str(self._directory)

    def load_overload(self, signature: Any, target_context: Any) -> CompileResult | None:
        """Read the machine code for a signature, or None if there is none to be trusted."""
        target_context.refresh()
        try:
            with self._path(signature, target_context.codegen()).open("rb") as file:
                if not _is_trusted(os.fstat(file.fileno())):
                    return None
                stored = file.read()
        except OSError:
            return None
        checksum, payload = stored[:32], stored[32:]
        if hashlib.sha256(payload).digest() != checksum:
            return None
        return CompileResult._rebuild(target_context, *pickle.loads(payload))

    def save_overload(self, signature: Any, result: Any) -> None:
        """Write the machine code of a signature; the file appears whole or not at all."""
        if result.library.has_dynamic_globals or result.lifted:
            return
        try:
            payload = dumps(result._reduce())
        except RuntimeError as error:
            # A Ctrl-C while machine code is generated is raised in the callback that receives the
            # code, from where ctypes passes nothing on: it is known by the code that is missing.
            # Signals reach the main thread alone.
            is_main_thread = threading.current_thread() is threading.main_thread()
            if is_main_thread and str(error).startswith("no compiled object yet"):
                raise KeyboardInterrupt from error
            return
        try:
            # Sources edited since they were imported are not what has been compiled.
            if sources_digest() != self._sources:
                return
            path = self._path(signature, result.codegen)
            path.parent.mkdir(parents=True, exist_ok=True)
            partial = path.with_suffix(f".{os.urandom(8).hex()}.part")
            try:
                partial.write_bytes(hashlib.sha256(payload).digest() + payload)
                os.replace(partial, path)
            finally:
                partial.unlink(missing_ok=True)
        except OSError:
            return

    def flush(self) -> None:
        """Drop every stored signature of this kernel (numba's ``recompile`` asks for it)."""
        for path in self._directory.glob(f"{self._name}-*.kernel"):
            path.unlink(missing_ok=True)

    def _path(self, signature: Any, codegen: Any) -> Path:
        digest = hashlib.sha256(self._sources)
        for part in (
            self._name,
            signature,
            self._options,
            codegen.magic_tuple(),  # the processor
            versions(),
            compiler_switches(),
        ):
            digest.update(repr(part).encode() + b"\0")
        return self._directory / f"{self._name}-{digest.hexdigest()[:32]}.kernel"


def _is_trusted(file: os.stat_result) -> bool:
    """Whether a file belongs to the user or to root, as far as the system tells."""
    return not hasattr(os, "geteuid") or file.st_uid in (0, os.geteuid())


def _name_of(function: Callable[..., Any]) -> str:
    """Full name of a function, as it may stand in the name of a file."""
    return re.sub("[<>]", "", f"{function.__module__}.{function.__qualname__}")
