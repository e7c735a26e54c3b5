"""The secret key of a data folder is made once, whoever starts at the same time."""

import secrets

from portal.runtime.secret import local_secret


def test_two_processes_that_start_at_once_have_the_same_whole_key(tmp_path, monkeypatch):
    file, real, others = tmp_path / "secret-key", secrets.token_urlsafe, []

    def slow(size):
        monkeypatch.setattr(secrets, "token_urlsafe", real)
        others.append(local_secret(file))
        return real(size)

    monkeypatch.setattr(secrets, "token_urlsafe", slow)
    ours = local_secret(file)
    assert [ours] == others
    assert len(ours) == 64
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]
