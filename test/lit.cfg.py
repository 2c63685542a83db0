# Configuration of the lit suite: what a RUN line may use.
#
# Tools are found on PATH, which holds mergec's build directory, then LLVM's
# tools (FileCheck, not, split-file), then the system's. They are not
# substituted by name, since a checkout directory may well be called `mergec`.

import ctypes
import os
import shutil
import subprocess

import lit.formats

config.name = "mergec"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".yml", ".mir", ".test"]
# Inputs: files that tests use and that are no tests themselves.
config.excludes = ["Inputs", "Unit"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.mergec_binary_dir, "test")

# A test sees its own models only: no cache, token or home of the user's.
# (lit passes on few variables, and none of HF_*.)
home = os.path.join(config.test_exec_root, "home")
os.makedirs(home, exist_ok=True)
config.environment["HOME"] = home
config.environment["LC_ALL"] = "C.UTF-8"
config.environment["COLUMNS"] = "80"
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
config.environment["PATH"] = os.pathsep.join(
    [config.mergec_tool_path, "/usr/bin", "/bin"]
)

# What a sanitizer finds is a crash, which `not` does not take for a refusal.
for sanitizer in ("ASAN", "UBSAN", "TSAN"):
    config.environment[sanitizer + "_OPTIONS"] = "abort_on_error=1:halt_on_error=1"

inputs = os.path.join(config.test_source_root, "Inputs")
config.substitutions += [
    # Longest first: lit replaces in order, wherever the text occurs.
    (
        "%make-model",
        "'%s' '%s'" % (config.mergec_python, os.path.join(inputs, "make_model.py")),
    ),
    (
        "%make-tokenizer",
        "'%s' '%s'"
        % (config.mergec_python, os.path.join(inputs, "make_tokenizer.py")),
    ),
    ("%python", "'%s'" % config.mergec_python),
    ("%inputs", inputs),
    ("%mergec", "mergec"),
]


def cpu_flags():
    """What the kernel says this CPU can do; empty where it says nothing."""
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            for line in cpuinfo:
                if line.startswith("flags"):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


# Real clients of what mergec writes: npm packages that utils/test fetches.
clients = os.path.join(config.mergec_binary_dir, "test", "Clients")
config.substitutions.append(("%clients", "'%s'" % clients))
if os.path.isdir(os.path.join(clients, "node_modules")) and shutil.which(
    "node", path=config.environment["PATH"]
):
    config.available_features.add("clients")
else:
    lit_config.note(
        "tests of real clients are not run: utils/fetch-clients has not fetched them"
    )

flags = cpu_flags()
if {"avx2", "f16c"} <= flags:
    config.available_features.add("avx2")
if {"avx512f", "avx512bw", "avx512dq", "avx512vl"} <= flags:
    config.available_features.add("avx512")
for sanitizer in filter(None, config.mergec_sanitize.split(",")):
    config.available_features.add("san-" + sanitizer)
if os.path.exists("/usr/bin/dot"):
    config.available_features.add("graphviz")


def allows_direct_io():
    """Whether the build's file system has input and output past the page cache."""
    path = os.path.join(config.test_exec_root, "direct")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_DIRECT))
    except OSError:
        return False
    finally:
        if os.path.exists(path):
            os.remove(path)
    return True


def mounts_ramfs():
    """Whether a test can have a file system of its own that has none."""
    directory = os.path.join(config.test_exec_root, "mount")
    os.makedirs(directory, exist_ok=True)
    try:
        return subprocess.run(
            ["unshare", "--mount", "mount", "-t", "ramfs", "none", directory],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def knows_what_is_cached():
    """Whether the kernel says which pages of a file it has in memory: Linux 6.5,
    and not of every file system."""
    path = os.path.join(config.test_exec_root, "cached.bin")
    with open(path, "wb") as file:
        file.write(bytes(8192))
    pages = (ctypes.c_uint64 * 5)()
    whole = (ctypes.c_uint64 * 2)(0, 8192)
    cachestat = 451
    with open(path, "rb") as file:
        failed = ctypes.CDLL(None).syscall(cachestat, file.fileno(), whole, pages, 0)
    os.remove(path)
    return not failed and pages[0] == 2


if allows_direct_io():
    config.available_features.add("direct-io")
if knows_what_is_cached():
    config.available_features.add("cachestat")
if mounts_ramfs():
    config.available_features.add("ramfs")
    # A file system whose files can share blocks, in an image.
    if shutil.which("mkfs.xfs", path="/usr/sbin:/sbin:/usr/bin") and os.path.exists(
        "/dev/loop-control"
    ):
        config.available_features.add("xfs")


def makes_memory_cgroups():
    """Whether a test can limit a process's memory, page cache included."""
    script = os.path.join(
        config.test_source_root, "Properties", "limited_memory.py")
    return subprocess.run(
        [config.mergec_python, "-B", script, "--possible"],
        stdout=subprocess.DEVNULL).returncode == 0


if makes_memory_cgroups():
    config.available_features.add("memory-cgroup")
# Root may write anywhere: tests of missing permissions need another user.
if os.geteuid() != 0:
    config.available_features.add("unprivileged")
