"""Passwords are kept as hashes that take a while, whoever is asked about."""

import pytest
from argon2 import PasswordHasher

from store import passwords
from store.passwords import hash_password, is_outdated, is_password

PASSWORD = "correct horse battery"


def test_the_hash_is_of_this_password_alone_and_salted() -> None:
    hashed = hash_password(PASSWORD)
    assert hashed.startswith("$argon2id$")
    assert PASSWORD not in hashed
    assert is_password(PASSWORD, hashed)
    assert not is_password(f"{PASSWORD} ", hashed)
    assert hash_password(PASSWORD) != hashed


def test_however_a_keyboard_composes_it() -> None:
    assert is_password("cafe\u0301 au lait", hash_password("caf\N{LATIN SMALL LETTER E WITH ACUTE} au lait"))


@pytest.mark.parametrize("hashed", [None, "", "none", "$argon2id$broken"])
def test_without_a_hash_no_password_is_right(hashed: str | None) -> None:
    assert not is_password("nobody's", hashed)


def test_nobody_is_looked_at_as_long_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []

    class Watched(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            verified.append(str(hash))
            return super().verify(hash, password)

    hashed = hash_password(PASSWORD)
    monkeypatch.setattr(passwords, "_hasher", Watched())
    is_password(PASSWORD, None)
    is_password(PASSWORD, hashed)
    nobodys, somebodys = (told.rsplit("$", 2)[0] for told in verified)
    assert nobodys == somebodys


def test_a_hash_of_weaker_parameters_is_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert is_outdated(weak)
    assert is_password(PASSWORD, weak)
    assert not is_outdated(hash_password(PASSWORD))
