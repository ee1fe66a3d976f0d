import subprocess
import sys
import time

# PyDLL keeps the interpreter's lock: no Python code runs, and no signal handler.
HANG = """
import ctypes, sys
from hdvg.watchdog import time_limit
{before}
with time_limit(0.5):
    ctypes.PyDLL(None).sleep(60)
"""


def _run(code):
    started_s = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done, time.monotonic() - started_s


def test_a_hang_inside_a_library_ends_the_process_and_says_where():
    done, wall_s = _run(HANG.format(before=""))
    assert done.returncode == 1
    assert wall_s < 20
    assert "Timeout" in done.stderr
    assert 'File "<string>", line 6' in done.stderr


def test_in_time_nothing_happens():
    code = "from hdvg.watchdog import time_limit\nimport time\n"
    code += "with time_limit(0.4): pass\nwith time_limit(30.0): pass\ntime.sleep(0.8); print('ok')"
    done, _ = _run(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok\n", "")
