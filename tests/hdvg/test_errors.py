"""A user's mistake is one line and exit code 2; our own bugs keep their traceback."""

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from hdvg.errors import InputError, run_command


def _raise(error):
    raise error


def test_a_command_that_ends_well_exits_with_0():
    with pytest.raises(SystemExit) as stopped:
        run_command(lambda: None)
    assert stopped.value.code == 0


def test_a_command_may_return_another_code():
    with pytest.raises(SystemExit) as stopped:
        run_command(lambda: 1)
    assert stopped.value.code == 1


def test_an_input_error_is_one_line_on_stderr_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        run_command(lambda: _raise(InputError("width must be\n positive,  got -3")))
    assert stopped.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", "error: width must be positive, got -3\n")


def _wrap(error, times=2):
    for _ in range(times):
        try:
            raise ValueError("does not validate") from error
        except ValueError as wrapped:
            error = wrapped
    raise error


def test_an_input_error_that_a_library_wraps_is_told_alone(capsys):
    with pytest.raises(SystemExit) as stopped:
        run_command(lambda: _wrap(InputError("width is odd: 3")))
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "error: width is odd: 3\n"


def test_what_was_raised_while_one_was_handled_is_a_bug():
    def fail():
        try:
            raise InputError("width is odd: 3")
        except InputError:
            int("x")

    with pytest.raises(ValueError, match="invalid literal"):
        run_command(fail)


def test_an_interrupt_exits_with_130(capsys):
    with pytest.raises(SystemExit) as stopped:
        run_command(lambda: _raise(KeyboardInterrupt()))
    assert stopped.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_bug_keeps_its_type_and_traceback():
    with pytest.raises(ZeroDivisionError):
        run_command(lambda: 1 / 0)


def test_an_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)


def test_asked_to_end_it_cleans_up_says_so_and_exits_with_143(tmp_path):
    code = (
        "import sys, time\nfrom hdvg.errors import run_command\n"
        "def work():\n"
        "    try:\n"
        "        print('ready', flush=True); time.sleep(60)\n"
        "    finally:\n"
        "        open(sys.argv[1], 'w').close()\n"
        "run_command(work)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "cleaned")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline() == "ready\n"
    os.kill(child.pid, signal.SIGTERM)
    assert child.communicate(timeout=20) == ("", "terminated\n")
    assert child.returncode == 143
    assert (tmp_path / "cleaned").exists()


def test_signals_are_as_before_afterwards_and_other_threads_may_run_commands():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit):
        run_command(lambda: None)
    assert signal.getsignal(signal.SIGTERM) is before
    codes = []

    def run():
        try:
            run_command(lambda: 1)
        except SystemExit as stopped:
            codes.append(stopped.code)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert codes == [1]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line_too(number, capsys):
    with pytest.raises(SystemExit) as stopped:
        run_command(lambda: _raise(OSError(number, "No space left on device", "/data/x")))
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "error: No space left on device: /data/x\n"
    with pytest.raises(PermissionError):
        run_command(lambda: _raise(PermissionError(errno.EACCES, "denied", "/data/x")))
