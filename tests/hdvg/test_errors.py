"""A user's mistake is one line and exit code 2; our own bugs keep their traceback."""

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
