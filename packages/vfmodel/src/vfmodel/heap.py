"""How the process's allocator treats memory that was freed."""

import ctypes

# Parameters of glibc's mallopt, from malloc.h.
_TRIM_THRESHOLD = -1
_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Tells the C library to keep what is freed for what is allocated next.

    Every activation of a training step on a CPU is megabytes that glibc takes from the system and
    hands back, so that the next step meets fresh pages again: 32,000 page faults a step of the mini
    model, a tenth of its time. The price is that a process never shrinks; one that trains needs as
    much in every step.

    Returns:
        Whether the C library took it; one without glibc's `mallopt` is left as it is.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # No allocation by mmap, whatever its size, and no trimming of the heap's end.
    return bool(mallopt(_MMAP_MAX, 0) and mallopt(_TRIM_THRESHOLD, -1))
