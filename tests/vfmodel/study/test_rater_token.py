"""A token is good for one rater, one sheet and one study."""

import hashlib
import hmac
import threading

from vfmodel.study.rater_token import is_signed, keep_secret, sign


def test_a_token_is_good_for_what_it_was_signed_for_alone():
    token = sign(b"secret", "study", "rater", 3)
    assert token == hmac.new(b"secret", b"study/rater/3", hashlib.sha256).hexdigest()
    assert is_signed(b"secret", "study", "rater", 3, token)
    for secret, study, rater, sheet in (
        (b"other", "study", "rater", 3),
        (b"secret", "other", "rater", 3),
        (b"secret", "study", "other", 3),
        (b"secret", "study", "rater", 4),
    ):
        assert not is_signed(secret, study, rater, sheet, token)
    for wrong in (None, 3, "", token[:-1], "é", [token]):
        assert not is_signed(b"secret", "study", "rater", 3, wrong)


def test_the_secret_is_drawn_once_and_readable_by_its_owner(tmp_path):
    secret = keep_secret(tmp_path)
    assert len(secret) == 32
    assert keep_secret(tmp_path) == secret
    [path] = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "other").mkdir()
    assert keep_secret(tmp_path / "other") != secret


def test_servers_that_start_together_agree(tmp_path):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(keep_secret(tmp_path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
