"""The jail: a process that sees Python and its packages, and nothing else of this machine.

bubblewrap gives it a file system, a network, processes, users of its own; rlimits and a filter of system calls are set
inside; a watch from outside ends it when all its processes together take too much. Where root grades, the examiner
first becomes another user in a bubblewrap of its own, since limits on processes do not bind root.
Source: bubblewrap's manual page bwrap(1); setrlimit(2); seccomp(2).
"""

import contextlib
import functools
import json
import mmap
import os
import re
import selectors
import shutil
import signal
import site
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.grading import wire

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin")
SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")  # of /etc, what shared libraries want
# Memory that no process's size shows and no tmpfs bounds; the core that each jail keeps to, lest it slow others down; ways
# to the kernel that a notebook does not need.
FORBIDDEN = [
    "memfd_create",
    "memfd_secret",
    "shmget",
    "msgget",
    "semget",
    "mq_open",
    "sched_setaffinity",
    "add_key",
    "keyctl",
    "request_key",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "unshare",
    "setns",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsmount",
    "mount_setattr",
    "kexec_load",
    "init_module",
    "finit_module",
]
NAMESPACES = (
    0x80,
    0x20000,
    0x2000000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)  # CLONE_NEW…
ENVIRONMENT = {
    "USER": "student",
    "LOGNAME": "student",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "COURSE_PROFILE": "fast",
    "CUDA_VISIBLE_DEVICES": "-1",
    "IPYTHONDIR": "/tmp/.ipython",
    "MPLBACKEND": "agg",
    "MPLCONFIGDIR": "/tmp/.matplotlib",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
OUTPUT = 20 * 2**20  # bytes that all cells together may print
KEPT = 64 * 2**10  # bytes of them that are kept, of one cell
SHARED = 64 * 2**20  # bytes of /dev/shm
INODES = 20_000  # files in all of the jail
DESCRIPTORS = 2_000  # each may hold 200 kB of a socket's buffers
WATCH = 0.05  # seconds between two looks at what the jail takes
CHUNK = 2**18
FIRST_USER = 61_184  # of numbers that no distribution gives to people


@dataclass(frozen=True)
class Limits:
    """What one submission may take.

    Attributes:
        seconds: for a cell, and for a function in one check.
        grace: seconds more that Python has to interrupt a function, before its process is ended.
        memory: in bytes, of all its processes together, shared memory and files included.
        processes: and threads.
        file: bytes of one file.
        cpu_seconds: of one process.
    """

    seconds: float = 60
    grace: float = 5
    memory: int = 3 * 2**30
    processes: int = 200
    file: int = 64 * 2**20
    cpu_seconds: int = 1800


class Dead(Exception):
    """The jail has ended. The message says why, to the student, as the end of "Your code …"."""


def package():
    """The folder of course_lib."""
    return Path(__file__).resolve().parent.parent


@functools.cache
def binds():
    """The folders and files that Python and the course need, none inside another.

    Returns:
        list of Path.
    """
    wanted = [sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix, *site.getsitepackages()]
    wanted += [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    wanted += [package(), package().parent / "datasets", *SETTINGS]
    paths = sorted({Path(os.path.abspath(path)) for path in wanted if os.path.exists(path)})
    system = [Path(path) for path in SYSTEM if not os.path.islink(path)]
    return [
        path
        for path in paths
        if not any(parent in path.parents for parent in [*paths, *system]) and path not in system
    ]


def shows(folder):
    """The path by which the jail shows a folder, or None."""
    folder = Path(folder).resolve()
    return next(
        (path for path in [*binds(), *map(Path, SYSTEM)] if folder.is_relative_to(path.resolve())), None
    )


def mounts():
    """Options of bubblewrap for a file system that can only be read, at the same paths as outside."""
    options = ["--perms", "1777", "--size", str(2 * SHARED), "--tmpfs", "/tmp"]
    for path in SYSTEM:
        if os.path.islink(path):
            options += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            options += ["--ro-bind", path, path]
    parents = {parent for path in binds() for parent in path.parents} - {
        Path("/"),
        Path("/tmp"),
        Path("/usr"),
    }
    for parent in sorted(parents):  # bubblewrap would make them readable by their owner only
        options += ["--perms", "0755", "--dir", str(parent)]
    for path in binds():
        options += ["--ro-bind", str(path), str(path)]
    return [*options, "--dev", "/dev"]


def masks():
    """Options that hide the checks: their references are answers."""
    checks = package() / "checks"
    options = []
    for path in sorted(checks.glob("lesson*.py")):
        options += ["--ro-bind", "/dev/null", str(path)]
    for path in (checks / "__pycache__", package() / "grading" / "__pycache__"):
        if path.is_dir():
            options += ["--perms", "0555", "--size", "4096", "--tmpfs", str(path)]
    return options


def jailed_command(limits, filter_fd):
    """The command that runs `jailed` in the jail.

    Args:
        limits: Limits.
        filter_fd: file descriptor of the compiled filter of system calls.
    """
    options = ["--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    if "--disable-userns" in features():
        options.append("--disable-userns")
    private = ["--perms", "1777", "--size", str(SHARED), "--tmpfs", "/dev/shm", "--proc", "/proc"]
    closed = ["--remount-ro", "/dev", "--remount-ro", "/"]
    home = ["--setenv", "HOME", "/tmp", "--chdir", "/tmp"]
    command = [find_bwrap(), *mounts(), *masks(), *options, *private, *closed, *home]
    return [*command, "--seccomp", str(filter_fd), "--", *python("course_lib.grading.jailed", limits)]


def python(module, limits):
    """The command that runs a module, with the limits as its argument."""
    # Older kernels count a person's processes outside the jail, too.
    bind = os.getuid() >= FIRST_USER or tuple(map(int, re.findall(r"\d+", os.uname().release)[:2])) >= (5, 14)
    return [sys.executable, "-P", "-m", module, json.dumps(asdict(limits) | {"bind_processes": bind})]


def examiner_command(limits, jail):
    """The command that runs `examiner`: for root, as another user, who sees no more than the jail.

    Args:
        limits: Limits.
        jail: bool, False for --no-jail.
    """
    command = python("course_lib.grading.examiner", limits)
    if not jail or os.getuid():
        return command
    user = str(FIRST_USER + os.getpid() % 4096)
    become = [
        "setpriv",
        f"--reuid={user}",
        f"--regid={user}",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    ]
    capabilities = [
        "--cap-drop",
        "ALL",
        "--cap-add",
        "CAP_SETUID",
        "--cap-add",
        "CAP_SETGID",
        "--cap-add",
        "CAP_SETPCAP",
    ]
    # The whole of /proc: a fresh one inside is mounted only where the outer one is not covered in part.
    return [
        find_bwrap(),
        *mounts(),
        "--bind",
        "/proc",
        "/proc",
        "--die-with-parent",
        *capabilities,
        "--",
        *become,
        *command,
    ]


def find_bwrap():
    """The path of bubblewrap.

    Raises:
        CourseError: it is not installed.
    """
    found = shutil.which("bwrap")
    if not found:
        raise CourseError("bubblewrap, which makes the jail, is not here: `course doctor` says what to do.")
    return found


@functools.cache
def features():
    """The options that this bubblewrap knows, as its help text."""
    return subprocess.run([find_bwrap(), "--help"], capture_output=True, text=True, check=False).stdout


def system_call_filter():
    """An open file that holds the compiled filter: what is forbidden fails with EPERM."""
    import errno

    import pyseccomp

    rules = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in FORBIDDEN:
        try:
            rules.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        except (OSError, RuntimeError):  # this architecture or library does not know it
            continue
    # Shared memory of no file: what is written there and given back (madvise) counts nowhere, and stays.
    unnamed = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS
    rules.add_rule(
        pyseccomp.ERRNO(errno.EPERM), "mmap", pyseccomp.Arg(3, pyseccomp.MASKED_EQ, unnamed, unnamed)
    )
    for flag in NAMESPACES:  # older bubblewraps cannot forbid them
        rules.add_rule(
            pyseccomp.ERRNO(errno.EPERM), "clone", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag)
        )
    rules.add_rule(
        pyseccomp.ERRNO(errno.ENOSYS), "clone3"
    )  # whose flags no filter sees; the C library then uses clone
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whom it is given to
    rules.export_bpf(file)
    file.seek(0)
    return file


class Jail:
    """A student's process: requests go in, plain data comes out, and it ends when its limits are passed.

    Args:
        limits: Limits.
        jail: bool; False runs it as an ordinary process of this user, with rlimits alone.
    """

    def __init__(self, limits, jail=True):
        self.limits = limits
        self.peak = self.passed_over = self.number = 0  # bytes, bytes, requests
        self.reason = ""
        self.secret = os.urandom(8).hex()
        self.channel, theirs = socket.socketpair()
        output, printed = os.pipe()
        self.output = output
        self.received, self.text, self.printed = bytearray(), bytearray(), 0
        with theirs, os.fdopen(printed, "wb") as sink, system_call_filter() as rules:
            if jail:
                command, passed = jailed_command(limits, rules.fileno()), [rules.fileno()]
            else:
                command, passed = python("course_lib.grading.jailed", limits), []
            self.process = subprocess.Popen(
                command,
                stdin=theirs,
                stdout=sink,
                stderr=sink,
                pass_fds=passed,
                start_new_session=True,
                env=ENVIRONMENT | {"HOME": os.environ.get("TMPDIR", "/tmp")},
            )
        for end in (self.channel.fileno(), self.output):
            os.set_blocking(end, False)
        self.over = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def close(self):
        """End it, with all its processes."""
        self.over.set()
        self._kill()
        self.watcher.join()
        self.process.wait()
        self.channel.close()
        os.close(self.output)

    def _kill(self):
        for process in reversed(tree(self.process.pid)):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _end(self, reason):
        """End it for a reason, of which the first is kept."""
        self.reason = self.reason or reason
        self._kill()

    def _watch(self):
        """End it when all its processes together take too much."""
        while not self.over.wait(WATCH):
            processes = tree(self.process.pid)
            memory, files, threads, descriptors = taken(processes)
            if memory > self.limits.memory:  # forks share what they do not change
                memory -= shared(processes)
            self.peak = max(self.peak, memory)
            if memory > self.limits.memory:
                self._end(f"took more than {self.limits.memory / 2**30:.1f} GB of memory")
            elif files > INODES:
                self._end(f"made more than {INODES:,} files")
            elif descriptors > DESCRIPTORS:
                self._end(f"opened more than {DESCRIPTORS:,} files")
            elif threads > self.limits.processes:
                self._end(f"started more than {self.limits.processes} processes")

    def request(self, seconds, **content):
        """Ask, and wait for the reply.

        Args:
            seconds: how long.
            **content: a request to `jailed.Server`.
        Returns:
            dict, the reply, of any content.
        Raises:
            Dead: it has ended, or was ended since no reply came in time, or none that can be read.
        """
        self.number += 1
        key = f"{self.secret}-{self.number}"  # so that no reply can be prepared
        unsent = memoryview(wire.dumps({"id": key, **content}))
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self.channel, selectors.EVENT_READ | selectors.EVENT_WRITE)
            selector.register(self.output, selectors.EVENT_READ)
            while True:
                for ready, events in selector.select(0.5):
                    if ready.fd == self.output:
                        if not self._read_output():
                            selector.unregister(self.output)
                        continue
                    if events & selectors.EVENT_WRITE:
                        unsent = unsent[self._send(unsent[:CHUNK]) :]
                        if not unsent:
                            selector.modify(self.channel, selectors.EVENT_READ)
                    if events & selectors.EVENT_READ and (reply := self._receive(key)) is not None:
                        self._read_output()
                        return reply
                if time.monotonic() > deadline:
                    self._end(f"was still computing after {self.limits.seconds:g} seconds")
                if self.reason:
                    raise Dead(self.reason)

    def _send(self, part):
        """Send some bytes; how many went."""
        try:
            return self.channel.send(part)
        except OSError:
            raise Dead(self._why()) from None

    def _receive(self, key):
        """Read what has come: the reply of that key, or None where it is not there yet."""
        try:
            data = self.channel.recv(CHUNK)
        except OSError:
            data = b""
        if not data:
            raise Dead(self._why())
        searched = len(self.received)
        self.received += data
        while (end := self.received.find(b"\n", searched)) >= 0:
            line = bytes(self.received[:end])
            del self.received[: end + 1]
            searched = 0
            try:
                reply = wire.loads(line)
            except ValueError:
                reply = {}
            if reply.get("id") == key:
                return reply
            self.passed_over += len(line)  # forged, or a reply to nothing
        if len(self.received) + self.passed_over > wire.MESSAGE:
            self._end(f"sent more than {wire.MESSAGE / 2**20:.0f} MB")
        return None

    def _why(self):
        """Why it has ended: the watch's reason, or its own doing."""
        if not self.reason:
            time.sleep(2 * WATCH)  # the watch, if it was that, is about to say so
        return self.reason or "ended the process that it runs in"

    def _read_output(self):
        """Read what was printed; False where nothing can come any more."""
        while True:
            try:
                data = os.read(self.output, CHUNK)
            except BlockingIOError:
                return True
            self.printed += len(data)
            self.text += data[: max(0, KEPT - len(self.text))]
            if self.printed > OUTPUT:
                self._end(f"printed more than {OUTPUT / 2**20:.0f} MB")
            if not data or self.reason:
                return False

    def take_text(self):
        """What was printed since the last call, its beginning, as str."""
        text = self.text.decode("utf-8", errors="replace")
        self.text.clear()
        return text


def own_mounts():
    """What tells this process's mounts from a jail's."""
    return os.readlink("/proc/self/ns/mnt")


def tree(process):
    """The ids of a process and of all its descendants."""
    found, waiting = [], [process]
    while waiting:
        process = waiting.pop()
        found.append(process)
        try:
            for task in os.listdir(f"/proc/{process}/task"):
                waiting += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
        except OSError:  # it has ended meanwhile
            continue
    return found


def shared(processes):
    """Bytes that several processes have in common, and that `taken` counts for each of them."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError):
            sizes = re.findall(
                r"^(Rss|Pss):\s+(\d+)", Path(f"/proc/{process}/smaps_rollup").read_text(), re.MULTILINE
            )
            found = {name: 1024 * int(size) for name, size in sizes}
            total += found.get("Rss", 0) - found.get("Pss", 0)
    return total


def taken(processes):
    """What processes take.

    Returns:
        bytes of memory and of files in memory, number of files, of threads, of open descriptors.
    """
    memory = files = threads = descriptors = 0
    for process in processes:
        try:
            status = Path(f"/proc/{process}/status").read_text()
            memory += 1024 * sum(map(int, re.findall(r"^Vm(?:RSS|PTE):\s+(\d+)", status, re.MULTILINE)))
            threads += len(os.listdir(f"/proc/{process}/task"))
            descriptors += len(os.listdir(f"/proc/{process}/fd"))
        except OSError:
            continue
    for folder in ("/tmp", "/dev/shm"):
        for process in reversed(processes):  # the first ones are bubblewrap's own, outside
            try:
                if os.readlink(f"/proc/{process}/ns/mnt") == own_mounts():
                    continue
                found = os.statvfs(f"/proc/{process}/root{folder}")
            except OSError:
                continue
            memory += (found.f_blocks - found.f_bfree) * found.f_frsize
            files += found.f_files - found.f_ffree
            break
    return memory, files, threads, descriptors
