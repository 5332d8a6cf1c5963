"""Compilation and its cache: each test runs a small package of its own in fresh processes."""

from __future__ import annotations

import json
import os
import shutil
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers import finish_python, run_python, start_python

import scratchml
from scratchml.core import jit

PACKAGE = Path(scratchml.__file__).parent
COPIED = ["__init__.py", "core/__init__.py", "core/doors.py", "core/jit.py"]

INNER = """
from scratchml.core.jit import kernel

FACTOR = 2.0

@kernel()
def scaled(x):
    return FACTOR * x
"""

OUTER = """
from scratchml.core.jit import kernel
from scratchml.core.kernels.inner import scaled

@kernel()
def scale(values, out_values):
    for i in range(values.shape[0]):
        out_values[i] = scaled(values[i])

@kernel()
def peek(values, i):
    return values[i]

@kernel()
def wait_for(flag, limit, out_spins):
    for _ in range(limit):
        if flag[0]:
            return True
        out_spins[0] += 1
    return False
"""

PRELUDE = """
import json, os
import numpy as np
from scratchml.algorithms.toy.kernels import peek, scale, wait_for
from scratchml.core.jit import kernel

def call(kernel, dtype=np.float64):
    out = np.empty(3, dtype)
    kernel(np.arange(3, dtype=dtype), out)
    return out.tolist()

def compiled(kernel):
    return sum(kernel.stats.cache_misses.values())

def found(kernel):
    return sum(kernel.stats.cache_hits.values())
"""

CALL = "print(json.dumps([call(scale), compiled(scale), found(scale)]))"

COMPILED = [[0.0, 2.0, 4.0], 1, 0]
FOUND = [[0.0, 2.0, 4.0], 0, 1]


class Install:
    """A copy of the package's core with two files of toy kernels, and a cache folder."""

    def __init__(self, root):
        self.package = root / "install" / "scratchml"
        self.cache = root / "cache"
        self.inner = self.package / "core" / "kernels" / "inner.py"
        self.outer = self.package / "algorithms" / "toy" / "kernels.py"
        for name in COPIED:
            self.write(self.package / name, (PACKAGE / name).read_text())
        for path in [self.inner, self.outer, self.outer.parent.parent / "x"]:
            self.write(path.parent / "__init__.py", "")
        self.write(self.inner, INNER)
        self.write(self.outer, OUTER)

    @staticmethod
    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def arguments(self, env):
        return {
            "cwd": self.package.parent,
            "env": {
                # Byte code is found stale by the second: these tests edit files faster.
                "PYTHONDONTWRITEBYTECODE": "1",
                "SCRATCHML_CACHE_DIR": str(self.cache),
                "NUMBA_DISABLE_JIT": None,
                "NUMBA_BOUNDSCHECK": None,
                **env,
            },
        }

    def run(self, code=CALL, **env):
        """Run code in a fresh process; what it prints is JSON."""
        return json.loads(run_python(PRELUDE + code, **self.arguments(env)))

    def start(self, code=CALL, **env):
        return start_python(PRELUDE + code, **self.arguments(env))

    def kernel_files(self):
        return sorted(path.name.split("-")[0] for path in self.cache.iterdir())


@pytest.fixture
def install(tmp_path):
    return Install(tmp_path)


@pytest.fixture(scope="module")
def warm_cache(tmp_path_factory):
    """A cache folder that holds `scale` and `peek` for float64, unchecked."""
    install = Install(tmp_path_factory.mktemp("warm"))
    assert install.run("peek(np.arange(3.0), 0);" + CALL) == COMPILED
    return install.cache


@pytest.fixture
def warm(install, warm_cache):
    """An install elsewhere, of the same sources, with that cache."""
    shutil.copytree(warm_cache, install.cache)
    return install


# ---------------------------------------------------------------- found again


def test_second_process_finds_what_the_first_compiled(install):
    assert install.run() == COMPILED
    assert install.kernel_files() == [
        "scratchml.algorithms.toy.kernels.scale",
        "scratchml.core.kernels.inner.scaled",
    ]
    assert install.run() == FOUND


def test_cache_does_not_depend_on_where_the_package_lies(warm):
    assert warm.run() == FOUND


def test_files_are_as_readable_as_the_umask_says(install):
    install.run("os.umask(0o022);" + CALL)
    assert {path.stat().st_mode & 0o777 for path in install.cache.iterdir()} == {0o644}


def test_each_dtype_has_a_specialisation_and_a_file(install):
    code = """
call(scale, np.float32), call(scale, np.float64)
print(json.dumps([str(s[0].dtype) for s in scale.signatures] + [compiled(scale), found(scale)]))
"""
    assert install.run(code) == ["float32", "float64", 2, 0]
    assert install.kernel_files().count("scratchml.algorithms.toy.kernels.scale") == 2
    assert install.run(code) == ["float32", "float64", 0, 2]


def test_recompile_drops_the_files(warm):
    code = "call(scale); scale.recompile(); print(json.dumps([call(scale), compiled(scale)]))"
    before = {path.name: path.stat().st_mtime_ns for path in warm.cache.iterdir()}
    assert warm.run(code) == [[0.0, 2.0, 4.0], 1]
    after = {path.name: path.stat().st_mtime_ns for path in warm.cache.iterdir()}
    assert [name.split("-")[0] for name in before if before[name] != after[name]] == [
        "scratchml.algorithms.toy.kernels.scale"
    ]


def test_eight_cold_processes_at_once(install):
    processes = [install.start() for _ in range(8)]
    answers = [json.loads(finish_python(process)) for process in processes]
    assert [values for values, _, _ in answers] == [[0.0, 2.0, 4.0]] * 8
    assert len(install.kernel_files()) == 2
    assert not list(install.cache.glob("*.part"))
    assert install.run() == FOUND


def test_threads_that_call_at_once_compile_once(install):
    code = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    values = list(pool.map(lambda _: call(scale), range(8)))
print(json.dumps([values, compiled(scale), found(scale)]))
"""
    assert install.run(code) == [[[0.0, 2.0, 4.0]] * 8, 1, 0]


# ---------------------------------------------------------------- never wrong


@pytest.mark.parametrize("file", ["inner", "outer"])
def test_changed_source_never_runs_stale_code(warm, file):
    if file == "inner":  # another file's kernel, whose code is inside that of `scale`
        path, old, new, values = warm.inner, "FACTOR = 2.0", "FACTOR = 3.0", [0.0, 3.0, 6.0]
    else:
        path, old, new, values = warm.outer, "scaled(values[i])", "-scaled(values[i])", [0, -2, -4]
    source = path.read_text()
    stamp = path.stat()
    path.write_text(source.replace(old, new))
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert warm.run() == [values, 1, 0]
    assert warm.run() == [values, 0, 1]
    path.write_text(source)
    assert warm.run() == FOUND


def test_source_edited_between_import_and_compilation_leaves_no_file(install):
    code = f"""
from pathlib import Path
path = Path({str(install.inner)!r})
path.write_text(path.read_text().replace("FACTOR = 2.0", "FACTOR = 3.0"))
"""
    assert install.run(code + CALL) == COMPILED
    assert not install.cache.exists()
    assert install.run() == [[0.0, 3.0, 6.0], 1, 0]


def test_damaged_files_are_ignored_and_replaced(warm):
    code = """
from pathlib import Path
file, = Path(os.environ["SCRATCHML_CACHE_DIR"]).glob("*.scale-*")
whole = file.read_bytes()
middle = len(whole) // 2
outcomes = []
for damaged in [
    b"", b"garbage", whole[:16], whole[:32], whole[:-1], whole + b"0",
    whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1:],
]:
    file.write_bytes(damaged)
    for _ in range(2):
        fresh = kernel()(scale.py_func)  # as another process would have it
        outcomes.append([call(fresh), compiled(fresh), found(fresh)])
print(json.dumps(outcomes))
"""
    assert warm.run(code) == [COMPILED, FOUND] * 7
    assert not list(warm.cache.glob("*.part"))


@pytest.mark.parametrize(
    ("owner", "user", "outcome"),
    [(1001, 1001, FOUND), (0, 1001, FOUND), (1002, 1001, COMPILED), (1002, 0, COMPILED)],
    ids=["own", "of-root", "of-another", "of-another-for-root"],
)
def test_files_of_other_users_are_not_read(warm, owner, user, outcome):
    code = f"""
import types
os.geteuid = lambda: {user}
os.fstat = lambda descriptor: types.SimpleNamespace(st_uid={owner})
"""
    assert warm.run(code + CALL) == outcome


def test_owners_are_not_asked_for_where_there_are_none(warm):
    code = """
import types
del os.geteuid
os.fstat = lambda descriptor: types.SimpleNamespace(st_uid=1002)
"""
    assert warm.run(code + CALL) == FOUND


def test_folder_in_the_place_of_a_file_is_left_alone(warm):
    (file,) = warm.cache.glob("*.scale-*")
    file.unlink()
    file.mkdir()
    assert warm.run() == COMPILED
    assert file.is_dir()
    assert not list(warm.cache.glob("*.part"))


def test_bounds_are_checked_in_spite_of_a_warm_unchecked_cache(warm):
    code = """
try:
    peek(np.arange(3.0), 3)
except IndexError as error:
    print(json.dumps([str(error), compiled(peek), found(peek)]))
"""
    assert warm.run(code, NUMBA_BOUNDSCHECK="1") == ["index is out of bounds", 1, 0]
    assert warm.run(code, NUMBA_BOUNDSCHECK="1") == ["index is out of bounds", 0, 1]
    assert warm.run() == FOUND


@pytest.mark.parametrize(
    ("switch", "value"),
    [
        ("NUMBA_OPT", "1"),
        ("NUMBA_LOOP_VECTORIZE", "0"),
        ("NUMBA_CPU_NAME", "generic"),
    ],
)
def test_code_compiled_otherwise_is_kept_apart(warm, switch, value):
    assert warm.run(**{switch: value}) == COMPILED


def test_switch_turned_while_the_program_runs(warm):
    code = "from numba.core import config; config.BOUNDSCHECK = 1;"
    assert warm.run(code + CALL) == COMPILED
    assert warm.run() == FOUND
    assert warm.run(NUMBA_BOUNDSCHECK="1") == FOUND


def test_fastmath_sets_are_kept_apart(warm):
    code = """
from scratchml.core.jit import REORDER
fresh = kernel(REORDER)(scale.py_func)
print(json.dumps([call(fresh), compiled(fresh), found(fresh)]))
"""
    assert warm.run(code) == COMPILED
    assert warm.run(code) == FOUND


def test_kernels_without_reference_counts_are_kept_apart(warm):
    code = """
fresh = kernel(allocates=False)(scale.py_func)
print(json.dumps([call(fresh), compiled(fresh), found(fresh)]))
"""
    assert warm.run(code) == COMPILED
    assert warm.run(code) == FOUND


def test_arrays_in_a_kernel_that_is_to_make_none_are_refused(install):
    code = """
from numba.core.errors import NumbaError

@kernel(allocates=False)
def double(values):
    doubled = 2 * values
    return doubled[0]

try:
    double(np.ones(3))
except NumbaError as error:
    print(json.dumps("NRT required but not enabled" in str(error)))
"""
    assert install.run(code) is True


@pytest.mark.parametrize("kind", ["elsewhere", "closure"])
def test_kernels_whose_source_the_files_do_not_tell_are_not_kept(install, kind):
    if kind == "closure":
        install.outer.write_text(
            OUTER
            + """
def make(factor):
    @kernel()
    def multiply(values, out_values):
        for i in range(values.shape[0]):
            out_values[i] = factor * values[i]
    return multiply
"""
        )
        code = "from scratchml.algorithms.toy.kernels import make\nmultiply = make(3)"
    else:  # a notebook's cell, the prompt, or as here ``python -c``: there is no file at all
        code = """
@kernel()
def multiply(values, out_values):
    for i in range(values.shape[0]):
        out_values[i] = 3 * values[i]
"""
    assert install.run(code + "\nprint(json.dumps(call(multiply)))") == [0.0, 3.0, 6.0]
    assert not install.cache.exists()


# ---------------------------------------------------------------- no cache


NO_HOME = """
import pwd

def getpwuid(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")

pwd.getpwuid = getpwuid
"""


def test_read_only_install_without_a_home(install):
    directories = [install.package, *(p for p in install.package.rglob("*") if p.is_dir())]
    before = sorted(install.package.parent.rglob("*"))
    nowhere = {"SCRATCHML_CACHE_DIR": None, "XDG_CACHE_HOME": None, "HOME": None}
    try:
        for directory in directories:
            directory.chmod(0o555)
        code = PRELUDE + CALL
        output = run_python(NO_HOME + code, **install.arguments(nowhere))
    finally:
        for directory in directories:
            directory.chmod(0o755)
    assert json.loads(output) == COMPILED
    assert sorted(install.package.parent.rglob("*")) == before


@pytest.mark.parametrize("place", ["file", "below_a_file", "proc", "home_in_proc"])
def test_unusable_folder_costs_the_cache_and_nothing_else(install, tmp_path, place):
    file = tmp_path / "file"
    file.write_text("kept")
    env = {
        "file": {"SCRATCHML_CACHE_DIR": str(file)},
        "below_a_file": {"SCRATCHML_CACHE_DIR": str(file / "cache")},
        "proc": {"SCRATCHML_CACHE_DIR": "/proc/scratchml"},
        "home_in_proc": {
            "SCRATCHML_CACHE_DIR": None,
            "XDG_CACHE_HOME": None,
            "HOME": "/proc/nobody",
        },
    }[place]
    assert install.run(**env) == COMPILED
    assert file.read_text() == "kept"


@pytest.mark.parametrize("off", ["off", "OFF", "none", "0", ""])
def test_cache_turned_off_directory(monkeypatch, off):
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", off)
    assert jit.cache_directory() is None


def test_cache_turned_off_writes_nothing(install, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    env = {"SCRATCHML_CACHE_DIR": "off", "HOME": str(home), "XDG_CACHE_HOME": None}
    before = sorted(tmp_path.rglob("*"))
    assert install.run(**env) == COMPILED
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("platform", "env", "expected"),
    [
        ("linux", {"HOME": "/home/a"}, "/home/a/.cache/scratchml"),
        ("linux", {"HOME": "/home/a", "XDG_CACHE_HOME": "/x"}, "/x/scratchml"),
        ("linux", {"HOME": "/home/a", "XDG_CACHE_HOME": "x"}, None),
        ("darwin", {"HOME": "/home/a"}, "/home/a/Library/Caches/scratchml"),
        ("win32", {"HOME": "/a"}, "/a/AppData/Local/scratchml"),
        ("win32", {"HOME": "/a", "LOCALAPPDATA": "/local"}, "/local/scratchml"),
        ("linux", {"HOME": "/home/a", "SCRATCHML_CACHE_DIR": "/chosen"}, "/chosen"),
        ("linux", {"HOME": "/home/a", "SCRATCHML_CACHE_DIR": "~/chosen"}, "/home/a/chosen"),
    ],
    ids=["home", "xdg", "relative", "macos", "windows", "local_appdata", "chosen", "tilde"],
)
def test_cache_directory(monkeypatch, platform, env, expected):
    for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "SCRATCHML_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(jit, "sys", types.SimpleNamespace(platform=platform))
    assert jit.cache_directory() == (expected and Path(expected))


# ---------------------------------------------------------------- compiled or not


def test_disabled_jit_gives_the_plain_function(install):
    code = "print(json.dumps([type(scale).__name__, call(scale)]))"
    assert install.run(code, NUMBA_DISABLE_JIT="1") == ["function", [0.0, 2.0, 4.0]]
    assert not install.cache.exists()


def test_read_only_arrays_are_accepted(install):
    code = """
values = np.arange(3.0)
values.flags.writeable = False
out = np.empty(3)
scale(values, out)
print(json.dumps([out.tolist(), peek(values, 2)]))
"""
    assert install.run(code) == [[0.0, 2.0, 4.0], 2.0]


def test_read_only_arrays_share_the_code_of_others(install):
    code = """
from scratchml.core.jit import kernel_view
values = np.arange(3.0)
shut = values.copy()
shut.flags.writeable = False
view = kernel_view(shut)
assert np.shares_memory(view, shut) and kernel_view(values) is values
out = np.empty(3)
scale(values, out)
scale(view, out)
before = len(scale.signatures)
del shut
scale(view, out)
print(json.dumps([before, len(scale.signatures), out.tolist()]))
"""
    assert install.run(code) == [1, 1, [0.0, 2.0, 4.0]]


def test_kernels_release_the_gil(install):
    # The kernel returns True only if this thread moves while it spins.
    code = """
import threading
flag, spins = np.ones(1, np.int64), np.zeros(1, np.int64)
wait_for(flag, 1, spins)
flag[0] = 0

def raise_flag():
    while spins[0] == 0:
        pass
    flag[0] = 1

thread = threading.Thread(target=raise_flag)
thread.start()
seen = wait_for(flag, 4_000_000_000, spins)
spins[0] = 1
thread.join()
print(json.dumps([seen, bool(spins[0] > 0)]))
"""
    assert install.run(code) == [True, True]


def test_kernel_sources_are_the_kernel_files_of_the_package():
    sources = {path.relative_to(PACKAGE).as_posix() for path in jit.kernel_sources()}
    assert {"core/jit.py", "core/kernels/tiles.py"} <= sources
    assert all("kernels" in name for name in sources - {"core/jit.py"})


def test_a_kernel_of_the_package_is_cached(tmp_path):
    code = """
import numpy as np
from scratchml.core.kernels.tiles import sq_distance
print(sq_distance(np.zeros(3), np.arange(3.0)))
"""
    env = {"SCRATCHML_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": None}
    assert run_python(code, env=env) == "5.0\n"
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("scratchml.core.kernels.tiles.sq_distance-")
    assert file.stat().st_size > 1000


# ---------------------------------------------------------------- what is known of them


def test_kernels_are_listed_by_name_with_what_they_have_compiled(install):
    code = """
from scratchml.core.jit import kernels
kernel()(call)  # not of a kernel file
call(scale)
print(json.dumps({name: len(listed.signatures) for name, listed in kernels().items()}))
"""
    toy = "scratchml.algorithms.toy.kernels"
    listed = {
        "scratchml.core.kernels.inner.scaled": 1,
        f"{toy}.scale": 1,
        f"{toy}.peek": 0,
        f"{toy}.wait_for": 0,
    }
    assert install.run(code) == listed
    assert install.run(code, SCRATCHML_CACHE_DIR="off") == listed
    assert install.run(code, NUMBA_DISABLE_JIT="1") == {}


def test_cached_files_are_those_of_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", str(tmp_path / "cache"))
    assert jit.cached_files() == {}
    (tmp_path / "cache" / "scratchml.a.f-0.kernel").mkdir(parents=True)
    expected = {}
    for name, size in {"scratchml.a.f-1.kernel": 3, "scratchml.a.f-1.22.part": 5}.items():
        expected[tmp_path / "cache" / name] = size
        (tmp_path / "cache" / name).write_bytes(b"x" * size)
    for other in ["notes.txt", "linux.kernel", "movie.part"]:
        (tmp_path / "cache" / other).write_text("kept")
    assert jit.cached_files() == expected
    monkeypatch.setenv("SCRATCHML_CACHE_DIR", "off")
    assert jit.cached_files() == {}


def test_compilations_are_announced_and_can_be_refused(install):
    code = """
from scratchml.core.jit import before_each_compilation
names = []

def refuse(name):
    raise KeyboardInterrupt(name)

try:
    with before_each_compilation(refuse):
        call(scale)
except KeyboardInterrupt as refused:
    names.append(f"no {refused}")
with before_each_compilation(names.append):
    kernel()(call)  # compiles nothing yet
    values = call(scale), call(scale)
call(scale, np.float32)
print(json.dumps([names, *values]))
"""
    values = [0.0, 2.0, 4.0]
    assert install.run(code) == [["no scale", "scale", "scaled"], values, values]


class Unserializable:
    """A compiled signature whose machine code cannot be had."""

    library = types.SimpleNamespace(has_dynamic_globals=False)
    lifted = ()

    def __init__(self, message):
        self.message = message

    def _reduce(self):
        raise RuntimeError(self.message)


NO_OBJECT = "no compiled object yet for <Library 'scale' at 0x7f>"


def test_ctrl_c_that_the_compiler_lost_is_raised_again(tmp_path):
    cache = jit.KernelCache(jit.kernel, tmp_path, jit.STRICT)
    with pytest.raises(KeyboardInterrupt):
        cache.save_overload((), Unserializable(NO_OBJECT))
    assert list(tmp_path.iterdir()) == []


def test_numba_words_a_missing_object_as_expected():
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    library = cpu_target.target_context.codegen().create_library("empty")
    with global_compiler_lock:
        library.finalize()
    library.enable_object_caching()
    with pytest.raises(RuntimeError, match=r"^no compiled object yet for "):
        library.serialize_using_object_code()


@pytest.mark.parametrize("case", ["other-error", "other-thread"])
def test_code_that_cannot_be_had_for_another_reason_is_not_kept(tmp_path, case):
    cache = jit.KernelCache(jit.kernel, tmp_path, jit.STRICT)
    if case == "other-error":
        cache.save_overload((), Unserializable("operation impossible on finalized object"))
    else:  # which no Ctrl-C reaches
        with ThreadPoolExecutor(1) as pool:
            pool.submit(cache.save_overload, (), Unserializable(NO_OBJECT)).result()
    assert list(tmp_path.iterdir()) == []


def test_processor_is_what_kernels_are_compiled_for(install):
    code = "from scratchml.core.jit import processor; name, features = processor();"
    shown = "print(json.dumps([name, sorted(features)]))"
    name, features = install.run(code + shown)
    assert name not in ("", "generic")
    assert features
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+sse2,-avx"}
    assert install.run(code + shown, **generic) == ["generic", ["sse2"]]
