"""What the jail shows, what it bounds, and that it ends."""

import os
import time
from pathlib import Path

import psutil
import pytest

from course_lib.grading import examiner, jail


@pytest.fixture
def prison(working_jail):
    """A jail that has started."""
    with jail.Jail(working_jail) as there:
        yield there


def run(prison, source, seconds=10):
    """Run a cell: its text, then the name of its error."""
    reply = prison.request(seconds, do="cell", source=source)
    return prison.take_text(), reply["error"]


def test_cells_share_names_and_print(prison):
    run(prison, "a = 20")
    text, error = run(prison, "import sys\nprint('here', file=sys.stderr)\n!echo $((1 + 1))\na + 1")
    assert text.splitlines() == ["here", "2", "Out[2]: 21"]
    assert not error
    text, error = run(prison, "1 / 0")
    assert error == "ZeroDivisionError"
    assert "1 / 0" in text


def test_it_shows_python_and_nothing_else(prison):
    text, _ = run(
        prison, "import os\nprint(*os.listdir('/'))\nprint(*os.listdir('/etc'))\nprint(*os.environ)"
    )
    root, settings, environment = (set(line.split()) for line in text.splitlines())
    shown = {path.parts[1] for path in jail.binds()}
    assert not root & ({"home", "mnt", "opt", "run", "srv", "sys", "var"} - shown)
    assert settings <= {"alternatives", "ld.so.cache", "localtime"}
    assert not environment & {"SECRET", "SUDO_USER", "SSH_AUTH_SOCK"}
    text, _ = run(
        prison, f"print(os.path.exists({__file__!r}), os.path.exists({str(Path.cwd() / 'notebooks')!r}))"
    )
    assert text.split() == ["False", "False"]


def test_the_checks_are_hidden(prison):
    assert run(prison, "import course_lib.checks.lesson02")[1] == "ModuleNotFoundError"
    text, _ = run(
        prison, "import glob, course_lib\nprint(glob.glob(course_lib.__path__[0] + '/checks/__pycache__/*'))"
    )
    assert text == "[]\n"


def test_it_has_no_rights_and_no_network(prison):
    text, _ = run(prison, "print(open('/proc/self/status').read())")
    status = dict(line.split(":\t") for line in text.split("\n") if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    text, _ = run(prison, "import socket\nprint(*(name for _, name in socket.if_nameindex()))")
    assert text.split() == ["lo"]
    for flags in (0x10000000, 0x40000000):  # clone(2): a new user, a new network
        code = f"import ctypes, os\nn = ctypes.CDLL(None).syscall(56, {flags} | 17, 0, 0, 0, 0)\nif n == 0: os._exit(0)\nprint(n)"
        assert os.uname().machine != "x86_64" or run(prison, code)[0] == "-1\n"
    for call in (
        "os.memfd_create('a')",
        "__import__('mmap').mmap(-1, 4096)",
        "os.chroot('/tmp')",
        "open('/new', 'w')",
        "open('/dev/new', 'w')",
    ):
        assert run(prison, f"import os\n{call}")[1] in ("PermissionError", "OSError"), call


def test_processes_are_bounded(prison, working_jail):
    code = "import os, time\nn = 0\ntry:\n    while True:\n        if os.fork() == 0:\n            time.sleep(60)\n        n += 1\nexcept OSError:\n    print(n)"
    try:
        text, _ = run(prison, code)
    except jail.Dead as dead:
        text = str(dead)
    bounds = "took more than", "opened more than", "started more than"  # whichever is met first
    assert text.startswith(bounds) or int(text) <= working_jail.processes


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("while True: pass", "still computing"),
        ("import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass", "still computing"),
        ("import os\nos._exit(0)", "ended the process"),
        ("while True: print('x' * 10**6)", "printed more than"),
        ("import os\n[os.write(3, b'x' * 10**6) for _ in range(200)]", "sent more than|ended the process"),
        ("import os\nos.close(3)", "ended the process"),
        ("import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        a = b'x' * 10**9\n        time.sleep(60)\ntime.sleep(60)", "GB of memory"),
        ("for i in range(10**6): open(f'/tmp/{i}', 'w').close()", "files"),
    ],
    ids=["loop", "deaf loop", "exit", "output", "flood", "close", "memory of many", "files"],
)  # fmt: skip
def test_what_takes_too_much_is_ended(prison, code, said):
    with pytest.raises(jail.Dead, match=said):
        run(prison, code, seconds=1 if "still" in said else 30)


def test_memory_of_one_process_is_bounded(prison):
    _, error = run(prison, "a = bytearray(10**10)")
    assert error == "MemoryError"


def test_files_are_bounded(prison):
    _, error = run(prison, "with open('/tmp/a', 'wb') as f:\n    f.write(bytes(10**8))")
    assert error == "OSError"
    _, error = run(prison, "for i in range(9):\n    open(f'/tmp/{i}', 'wb').write(bytes(6 * 10**7))")
    assert error == "OSError"


def test_nothing_is_left(working_jail):
    with jail.Jail(working_jail) as there:
        run(
            there,
            "import subprocess\nfor _ in range(3): subprocess.Popen(['sleep', '1000'], start_new_session=True)",
        )
        processes = [psutil.Process(number) for number in jail.tree(there.process.pid)]
        assert len(processes) >= 5
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert not alive


def test_a_forged_reply_is_passed_over(prison):
    run(prison, 'import os\nos.write(3, b\'{"id": "guess-2", "error": "forged"}\\n\')')
    assert run(prison, "1 / 0")[1] == "ZeroDivisionError"


def test_a_silent_jail_is_not_waited_for(prison):
    start = time.monotonic()
    with pytest.raises(jail.Dead):
        run(prison, "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", seconds=1)
    assert time.monotonic() - start < 10


def begun(prison, name, quiet=False):
    """An answer that has been taken up."""
    answer = examiner.Remote(prison, name, quiet)
    answer.begin()
    return answer


def test_what_is_asked_in_secret_is_not_told(prison):
    run(
        prison,
        "def f(x):\n    raise ValueError(x)\nclass Told(Exception): pass\ndef g(x):\n    raise Told(x)\ndef h(x):\n    x[0] = 1\n    return x",
    )
    import numpy as np

    from course_lib import checks

    for name, said in (
        ("f", "Your function stopped with ValueError."),
        ("g", "Your function stopped with an exception."),
        ("h", "Your function changed its argument in place: the caller still needs it. Work on a copy."),
    ):
        answer = begun(prison, name, quiet=True)
        with pytest.raises(checks.Mistake) as caught:
            answer(np.array([0.123456]))
        assert (caught.value.hint, caught.value.case) == (said, ())
        assert answer.said == said


def test_a_function_is_called_as_a_check_does(prison):
    run(prison, "def double(x):\n    x *= 2\n    return x\ndef stub(x):\n    raise NotImplementedError")
    import numpy as np

    from course_lib import checks

    answer = begun(prison, "double")
    assert answer(4) == 8
    with pytest.raises(checks.Mistake, match="changed its argument in place"):
        answer(np.ones(3))
    with pytest.raises(checks.Mistake, match="The check passes 2 arguments"):
        answer(1, 2)
    with pytest.raises(checks.Stopped, match="TypeError"):
        answer(None)
    with pytest.raises(checks.NotAttempted):
        begun(prison, "stub")(1)
    with pytest.raises(checks.Mistake, match="no function `other`"):
        begun(prison, "other")
    with pytest.raises(checks.NotAttempted):
        examiner.Remote(prison, "other").begin(written=False)
