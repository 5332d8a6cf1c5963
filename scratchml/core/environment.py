"""What a result, a time or an error may depend on besides the code: versions, processor, memory."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["describe", "memory"]

PACKAGES = (
    "numpy",
    "numba",
    "llvmlite",
    "scipy",
    "threadpoolctl",
    "scikit-learn",
    "scikit-learn-intelex",
    "faiss-cpu",
    "dbscan",
    "hdbscan",
    "fast_hdbscan",
    "joblib",
    "pandas",
    "polars",
    "pyarrow",
    "dask",
    "matplotlib",
    "click",
    "rich",
    "psutil",
    "cloudpickle",
)
"""Packages whose version may matter, by the name they are installed under."""

SIMD = ("avx", "fma", "neon", "sse", "ssse", "sve")
"""Beginnings of the processor features that say how wide vector code may be."""

VARIABLES = ("SCRATCHML_", "NUMBA_")
"""Beginnings of the environment variables that configure this library and its compiler."""

CGROUP = Path("/sys/fs/cgroup")


def describe() -> dict[str, Any]:
    """Describe the machine, the software and the settings a fit would meet now.

    Nothing in it names the user or the machine, but for the folder of the cache and what the
    environment variables hold.

    Returns
    -------
    dict
        Of JSON values, one entry for each section. Sizes are in bytes; what cannot be found out is
        None.

        ``versions`` : name -> version of Python, scratchml and the installed packages that may
        matter.

        ``system`` : ``platform``, and ``machine``, the architecture.

        ``processor`` : ``model``; ``compiled_for``, LLVM's name of the processor kernels are
        compiled for, and ``simd``, the vector instructions they may use.

        ``threads`` : logical ``processors`` of the machine, those ``available`` to this process by
        its affinity and its container's quota, and the threads a ``fit`` uses (`get_num_threads`).
        Where the last two differ, ``variables`` tell why, or the program has set the number.

        ``libraries`` : a list, for each BLAS and OpenMP library in the process its ``kind``,
        ``name``, ``version``, ``architecture`` (the processor it has chosen its code for),
        ``threads`` and ``file``.

        ``memory`` : ``total`` and ``available`` (by psutil, if that is installed) and the
        container's ``limit``.

        ``kernels`` : whether they are ``compiled``; the ``cache`` folder, and the number of
        ``files`` in it and their ``bytes``.

        ``variables`` : the environment variables that are set for this library, for numba, and for
        the number of threads of any library.

    Raises
    ------
    ValueError
        If ``SCRATCHML_NUM_THREADS`` is not an integer of at least 1.
    """
    from scratchml.core import blocks

    return {
        "versions": _versions(),
        "system": {"platform": platform.platform(), "machine": platform.machine()},
        "processor": _processor(),
        "threads": {
            "processors": os.cpu_count(),
            "available": blocks.available_processors(),
            "fit": blocks.get_num_threads(),
        },
        "libraries": _libraries(),
        "memory": memory(),
        "kernels": _kernels(),
        "variables": {
            name: value
            for name, value in sorted(os.environ.items())
            if name.startswith(VARIABLES) or name.endswith("_NUM_THREADS")
        },
    }


def _versions() -> dict[str, str]:
    from scratchml import __version__

    versions = {"scratchml": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def _processor() -> dict[str, Any]:
    from scratchml.core import jit

    name, features = jit.processor()
    return {
        "model": _processor_model(),
        "compiled_for": name,
        "simd": sorted(feature for feature in features if feature.startswith(SIMD)),
    }


def _processor_model() -> str | None:
    """The name its maker gave the processor; on other systems than Linux, what Python knows."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or None


def _libraries() -> list[dict[str, Any]]:
    # numpy and scipy each bring a BLAS, in the process once what uses it has been imported.
    import scipy.linalg  # noqa: F401
    import threadpoolctl

    return [
        {
            "kind": library["user_api"],
            "name": library["internal_api"],
            "version": library["version"],
            "architecture": library.get("architecture"),
            "threads": library["num_threads"],
            "file": Path(library["filepath"]).name,
        }
        for library in threadpoolctl.threadpool_info()
    ]


def memory() -> dict[str, int | None]:
    """Bytes of memory: in total, available to this process, and the limit of its container.

    The first two are None where psutil is not installed, the last where there is no limit. What is
    available lies within the limit.
    """
    total = available = limit = None
    if find_spec("psutil") is not None:
        import psutil

        machine = psutil.virtual_memory()
        total, available = machine.total, machine.available
    with contextlib.suppress(OSError, ValueError):  # no container of this kind, or "max"
        limit = int((CGROUP / "memory.max").read_text())
        if available is not None:
            available = min(available, limit - _used_in_container())
    return {"total": total, "available": available, "limit": limit}


def _used_in_container() -> int:
    """Bytes that the container could not give back: cached files do not count."""
    used = int((CGROUP / "memory.current").read_text())
    for line in (CGROUP / "memory.stat").read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "inactive_file":
            used -= int(value)
    return used


def _kernels() -> dict[str, Any]:
    from scratchml.core import jit

    directory = jit.cache_directory()
    sizes = jit.cached_files().values()
    return {
        "compiled": jit.compilation_is_on(),
        "cache": None if directory is None else str(directory),
        "files": len(sizes),
        "bytes": sum(sizes),
    }
