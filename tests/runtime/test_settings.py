from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from domain.delivery_policy import DeliveryPolicy
from runtime.settings import Settings, SettingsError, load_settings

URL = "postgresql://ana:hush@localhost:5432/carillon"


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"CARILLON_{name.upper()}", raising=False)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    file = tmp_path / "some.pem"
    file.write_text("-----BEGIN CERTIFICATE-----")
    return file


def settings(**values: Any) -> Settings:
    return Settings(**{"database_url": URL} | values)


def complaint(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(f"CARILLON_{name.upper()}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return str(refused.value)


def test_the_database_is_all_that_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    assert complaint(monkeypatch) == "Invalid settings:\n  CARILLON_DATABASE_URL: Field required"
    monkeypatch.setenv("CARILLON_DATABASE_URL", URL)
    assert load_settings().email_delivery_policy is DeliveryPolicy.AT_MOST_ONCE


def test_every_wrong_variable_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {
        "database_url": "mysql://localhost/x",
        "database_pool_size": "0",
        "temporal_address": "localhost",
        "temporal_tls": "perhaps",
        "temporal_tls_ca_file": "/nowhere/ca.pem",
        "temporal_task_queue": "",
        "api_port": "65536",
        "api_max_body_bytes": "1k",
        "smtp_port": "0",
        "smtp_connections": "101",
        "smtp_timeout_seconds": "nan",
        "email_from": "Carillon",
        "email_delivery_policy": "at_best",
        "worker_max_activities": "0",
        "worker_max_workflow_tasks": "1",
        "worker_shutdown_seconds": "-1",
        "worker_children_per_run_execution": "0",
        "upkeep_seconds": "4.5",
        "log_level": "info",
    }
    lines = complaint(monkeypatch, **wrong).splitlines()[1:]
    assert sorted(line.strip().partition(":")[0] for line in lines) == sorted(
        f"CARILLON_{name.upper()}" for name in wrong
    )


def test_a_complaint_quotes_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    said = complaint(
        monkeypatch, database_url="mysql://ana:hush@localhost/x", smtp_password="hush-hush", api_port="x"
    )
    assert "hush" not in said


def test_variables_of_other_programs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARILLON_DATABASE_URL", URL)
    monkeypatch.setenv("CARILLON_COLOUR", "red")
    monkeypatch.setenv("API_PORT", "1")
    assert load_settings().api_port == 8080


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_address_gets_the_driver_that_is_used(scheme: str) -> None:
    address = settings(database_url=f"{scheme}://u:p%40w@db:5432/carillon?sslmode=require").database_url
    assert address == "postgresql+psycopg://u:p%40w@db:5432/carillon?sslmode=require"


@pytest.mark.parametrize(
    "address",
    ["", "localhost/x", "mysql://localhost/x", "postgresql:localhost", "postgresql+asyncpg://localhost/x"],
)
def test_another_kind_of_database_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="expected postgresql://"):
        settings(database_url=address)


def test_a_client_certificate_and_its_key_come_together(pem: Path) -> None:
    both = settings(temporal_tls_cert_file=pem, temporal_tls_key_file=pem)
    assert both.temporal_tls_cert_file == both.temporal_tls_key_file == pem
    assert settings(temporal_tls_ca_file=pem).temporal_tls_cert_file is None
    for alone in ("temporal_tls_cert_file", "temporal_tls_key_file"):
        with pytest.raises(ValidationError, match="must be set together") as refused:
            settings(**{alone: pem})
        assert "CARILLON_TEMPORAL_TLS_CERT_FILE" in str(refused.value)
        assert "CARILLON_TEMPORAL_TLS_KEY_FILE" in str(refused.value)


def test_a_missing_certificate_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = complaint(
        monkeypatch,
        database_url=URL,
        temporal_tls_cert_file=str(tmp_path / "none.pem"),
        temporal_tls_key_file=str(tmp_path),
    )
    assert "CARILLON_TEMPORAL_TLS_CERT_FILE: Value error, no such file" in said
    assert "CARILLON_TEMPORAL_TLS_KEY_FILE: Value error, no such file" in said


@pytest.mark.parametrize("sender", ["", "Club", "@example.com", "club@", "a b@example.com"])
def test_a_sender_that_no_mail_can_have_is_refused_at_start(sender: str) -> None:
    with pytest.raises(ValidationError, match="expected an address"):
        settings(email_from=sender)


@pytest.mark.parametrize(
    "sender", ["club@example.com", "Club <club@example.com>", "Café Ñ <club@example.com>"]
)
def test_a_sender_may_have_a_name(sender: str) -> None:
    assert settings(email_from=sender).email_from == sender


def test_the_domains_of_authors_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARILLON_EMAIL_SENDER_DOMAINS", "Shop.example, club.example,")
    assert settings().email_sender_domains == ["shop.example", "club.example"]


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {name: f"hush-{name}" for name in ("temporal_api_key", "smtp_password", "admin_key")}
    shown = settings(**secrets)
    for text in (repr(shown), str(shown), f"{shown}", str(shown.model_dump(exclude={"database_url"}))):
        assert "hush" not in text
    assert shown.smtp_password is not None
    assert shown.smtp_password.get_secret_value() == "hush-smtp_password"


def test_an_error_quotes_no_input() -> None:
    with pytest.raises(ValidationError) as refused:
        settings(smtp_password="hush-hush", temporal_tls_cert_file=Path(__file__))
    assert "hush" not in str(refused.value)


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARILLON_DATABASE_URL", URL)
    first = load_settings()
    monkeypatch.setenv("CARILLON_API_PORT", "1")
    assert load_settings() is first


def test_no_mail_server_can_be_said_to_deliver_exactly_once() -> None:
    with pytest.raises(ValidationError, match="at_most_once or at_least_once"):
        settings(email_delivery_policy="exactly_once")
    assert settings(twilio_delivery_policy="exactly_once").twilio_delivery_policy == "exactly_once"


@pytest.mark.parametrize("sender", ["sms_from", "whatsapp_from"])
def test_a_sender_of_texts_needs_an_account(sender: str) -> None:
    with pytest.raises(ValidationError, match="CARILLON_TWILIO_ACCOUNT_SID"):
        settings(**{sender: "+15005550006"})
    account = {"twilio_account_sid": "AC0123", "twilio_auth_token": "hush"}
    assert "hush" not in repr(settings(**{sender: "+15005550006"}, **account))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"webhook_channel_url": "https://hooks.example/"}, "CARILLON_WEBHOOK_CHANNEL_SECRET"),
        ({"webhook_channel_secret": "whsec_AAAA"}, "CARILLON_WEBHOOK_CHANNEL_URL"),
        (
            {"webhook_channel_url": "http://hooks.example/", "webhook_channel_secret": "whsec_AAAA"},
            "the URL has another scheme",
        ),
        ({"push_url": "https://push.example/send"}, "CARILLON_PUSH_TOKEN_FILE"),
    ],
)
def test_a_channel_is_configured_whole_or_not_at_all(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        settings(**given)


@pytest.mark.parametrize(
    ("rates", "said"),
    [("fast", "expected JSON"), ('{"pigeon": 1}', "pigeon"), ('{"sms": 0}', "sms: "), ("[]", "dictionary")],
)
def test_rates_of_channels_are_json_of_channels_and_numbers(
    monkeypatch: pytest.MonkeyPatch, rates: str, said: str
) -> None:
    (line,) = complaint(monkeypatch, database_url=URL, channel_rates=rates).splitlines()[1:]
    assert line.strip().startswith("CARILLON_CHANNEL_RATES: ")
    assert said in line
    monkeypatch.setenv("CARILLON_CHANNEL_RATES", '{"sms": 50, "email": 0.5}')
    assert load_settings().channel_rates == {"sms": 50.0, "email": 0.5}


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "not base64!", "whsec_Y2Fy whsec_Y2Fy"])
def test_a_secret_that_anybody_could_guess_verifies_no_callback(secret: str) -> None:
    if secret:
        with pytest.raises(ValidationError, match="base64"):
            settings(callback_secret=secret)
    else:
        assert settings(callback_secret=secret).callback_secrets == []


@pytest.mark.parametrize("key", ["", " ", "short", "k" * 31, "k" * 32 + " short"])
def test_a_key_that_anybody_could_guess_signs_no_link(key: str) -> None:
    with pytest.raises(ValidationError, match="at least 32 characters"):
        settings(link_key=key)


def test_links_need_a_key_and_an_address_that_people_reach() -> None:
    key, address = "k" * 32, "https://carillon.example"
    assert settings(link_key=key).message_links is settings(public_url=address).message_links is None
    links = settings(link_key=f"{key} {'o' * 32}", public_url=address).message_links
    assert links is not None and links.public_url == address
    assert key not in repr(settings(link_key=key))
