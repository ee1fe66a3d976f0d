import subprocess
import sys

# In a process of its own: what is asked of the allocator is asked for good.
FAULTS = """
import resource
import torch
from vfmodel.heap import keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        torch.empty(64 << 20, dtype=torch.uint8).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

torch.set_num_threads(1)
fresh = faults()
print(keep_freed_memory())
faults()
print(fresh, faults())
"""


def test_freed_memory_is_used_again_without_a_page_fault():
    command = [sys.executable, "-c", FAULTS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    took, counts = done.stdout.splitlines()
    fresh, kept = map(int, counts.split())
    assert took == "True"
    assert kept < fresh / 100
