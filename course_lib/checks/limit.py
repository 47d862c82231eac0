"""A limit on the time that a learner's function may take."""

import _thread
import signal
import sys
import threading

AGAIN = 1  # seconds from one interrupt to the next, for code that catches everything
HAS_TIMER = hasattr(signal, "setitimer")  # not on Windows


class TimeUp(BaseException):
    """The time is over. Not an Exception: a learner's `except Exception` must not catch it."""


def call(function, args, seconds):
    """Call a function, and interrupt it when its time is over.

    Code that computes outside Python, in NumPy or TensorFlow, is interrupted when it comes back. Only the main thread
    can be interrupted; in another one there is no limit. A timer that the process has set (`signal.setitimer`) is lost.

    Args:
        function: of those arguments.
        args: tuple.
        seconds: float, the limit.
    Returns:
        what the function returns.
    Raises:
        TimeUp: it took longer.
        BaseException: whatever the function raises.
    """
    if threading.current_thread() is not threading.main_thread():
        return function(*args)
    late, here, tracing = False, sys._getframe(), sys.gettrace()

    def interrupted(number, frame):
        nonlocal late
        if number == signal.SIGINT and not watch.rang:
            return before(number, frame) if callable(before) else None  # Ctrl-C, or Jupyter's stop button
        if late:  # `except:` in a loop has caught the first interrupt: raise at the next line, behind the `try`, too
            sys.settrace(raise_at_line)
            while frame and frame is not here:
                frame.f_trace, frame = raise_at_line, frame.f_back
        late = True
        raise TimeUp

    watch = Timer() if HAS_TIMER else Watch()
    before = signal.signal(watch.number, interrupted)
    try:
        try:
            watch.start(seconds)
            result = function(*args)
        finally:
            watch.stop()
        if late:  # it caught the interrupt
            raise TimeUp
        return result
    except BaseException:
        watch.stop()
        if late:
            raise TimeUp from None
        raise
    finally:
        sys.settrace(tracing)
        signal.signal(watch.number, before)


def raise_at_line(frame, event, arg):
    """A trace function that raises TimeUp."""
    if event == "line":
        raise TimeUp
    return raise_at_line


class Timer:
    """Interrupts the main thread by the system's timer."""

    number = getattr(signal, "SIGALRM", None)

    def start(self, seconds):
        """Interrupt after so many seconds, and again until it is stopped."""
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3), AGAIN)

    def stop(self):
        """No interrupt comes after this."""
        signal.setitimer(signal.ITIMER_REAL, 0)


class Watch:
    """Interrupts the main thread from another one, as Ctrl-C would: where there is no timer."""

    number = signal.SIGINT

    def __init__(self):
        self.rang, self.over, self.lock = False, threading.Event(), threading.Lock()

    def start(self, seconds):
        """Interrupt after so many seconds, and again until it is stopped."""
        threading.Thread(target=self._run, args=(seconds,), daemon=True).start()

    def stop(self):
        """No interrupt comes after this."""
        with self.lock:
            self.over.set()

    def _run(self, seconds):
        while not self.over.wait(seconds):
            with self.lock:
                if not self.over.is_set():
                    self.rang = True
                    _thread.interrupt_main()
            seconds = AGAIN
