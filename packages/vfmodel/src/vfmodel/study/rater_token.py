"""Tokens that show that a rater was given a sheet by this server, and by nobody else."""

import hmac
import os
import secrets
import tempfile
from hashlib import sha256
from pathlib import Path

SECRET_FILE = "secret"


def keep_secret(folder: Path) -> bytes:
    """The study's secret; drawn once, and readable by its owner alone.

    It outlives the server: a rater's token is good after a restart.
    """
    path = folder / SECRET_FILE
    if not path.exists():
        descriptor, name = tempfile.mkstemp(prefix=f".{SECRET_FILE}.", dir=folder)  # mode 600
        partial = Path(name)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(partial)  # unlike a rename, it fails where another server was first
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    return bytes.fromhex(path.read_text().strip())


def sign(secret: bytes, study_id: str, rater: str, sheet: int) -> str:
    """The token of one rater with one sheet: HMAC-SHA256, as hexadecimal digits."""
    return hmac.new(secret, f"{study_id}/{rater}/{sheet}".encode(), sha256).hexdigest()


def is_signed(secret: bytes, study_id: str, rater: str, sheet: int, token: object) -> bool:
    """Whether `sign` gave this token; takes the same time for every wrong one."""
    expected = sign(secret, study_id, rater, sheet)
    return isinstance(token, str) and hmac.compare_digest(expected.encode(), token.encode())
