"""What looks like a real secret, and what everybody writes into examples."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdeck.core.dotenv.secrets import (
    is_placeholder,
    is_secret_text,
    looks_secret,
    may_be_secret,
)

DRAWN = "k3Jx9QmZ7bTn2VwL5pRd8SgH4cYf6A1u"
HEX = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
# Parted, so that no scanner of this repository takes them for somebody's.
REAL = [
    ("X", "AK" + "IA" + "Z3MHALF2TESTHIJK"),
    ("X", "gh" + "p_" + DRAWN + "9Zq1"),
    ("X", "github" + "_pat_" + DRAWN + DRAWN),
    ("X", "gl" + "pat-" + DRAWN[:20]),
    ("OPENAI", "s" + "k-" + DRAWN + DRAWN),
    ("X", "s" + "k_live_" + DRAWN),
    ("X", "xo" + "xb-" + "263594206564-" + DRAWN),
    ("X", "AI" + "za" + "SyD3kf9Jq2mN7pQ4rT6vW8xY1zA5bC0eFgH"),
    ("X", "h" + "f_" + DRAWN),
    ("X", "eyJhbGciOiJIUzI1NiJ9" + "." + "eyJzdWIiOiI0MiJ9" + "." + DRAWN),
    ("X", "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEpAIBAAKCAQEA3Tz2\n"),
    ("X", "https://hooks.slack" + ".com/services/T0A1B2C3D/B0A1B2C3D/" + DRAWN[:24]),
    ("SECRET_KEY", DRAWN),
    ("API_KEY", HEX),
    ("auth-token", DRAWN + "=="),
    ("SECRET_KEY", "qw8%n!v@c2zl7k4hge%j_(b392dd7_wk85ct4)=xyvm6^8_1_9"),
    ("DB_PASSWORD", "gT7!kq9#Zw2v"),
    ("DATABASE_URL", f"postgres://shop:{DRAWN}@localhost/shop"),
    ("DATABASE_URL", "postgres://shop:gT7kq9Zw@db.acme.io/shop"),
    ("X", "see https://bob:x9%21kWq22@git.acme.io/a.git"),
]
HARMLESS = [
    ("SECRET_KEY", "changeme"),
    ("SECRET_KEY", "change-me-in-production"),
    ("API_KEY", "your-key-here"),
    ("API_KEY", "<token>"),
    ("API_KEY", "xxx"),
    ("API_KEY", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
    ("API_KEY", "sk-xxxxxxxxxxxxxxxxxxxxxxxx"),
    ("API_KEY", "sk-your-openai-api-key-goes-here"),
    ("API_KEY", "ghp_your_token_here"),
    ("API_KEY", ""),
    ("API_KEY", "..."),
    ("API_KEY", "****"),
    ("DATABASE_URL", "postgres:postgres@localhost"),
    ("DATABASE_URL", "postgres://postgres:postgres@localhost:5432/app"),
    ("DATABASE_URL", "postgresql+asyncpg://user:password@db:5432/app"),
    ("DATABASE_URL", "postgres://user:pass@host.example.com/db"),
    ("DATABASE_URL", "postgres://app:${DB_PASSWORD}@db.acme.io/x"),
    ("DATABASE_URL", "mysql://shop:shop@mysql.acme.io/x"),
    ("REDIS_URL", "redis://localhost:6379/0"),
    ("REDIS_URL", "redis://:changeme@redis.acme.io:6379"),
    ("DATABASE_URL", "sqlite:///db.sqlite3"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_ACCESS_KEY_ID", "AKIAXXXXXXXXXXXXXXXX"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("SECRET_KEY", "django-insecure-k3Jx9QmZ7bTn2VwL5pRd8SgH4c"),
    ("SECRET_KEY", "${SECRET_KEY}"),
    ("SECRET_KEY", "my-super-secret-key-1234567890"),
    ("SECRET_KEY", "00000000000000000000000000000000"),
    ("TOKEN", "0123456789abcdef0123456789abcdef"),
    ("PASSWORD", "P@ssw0rd123!"),
    ("PASSWORD", "hunter2"),
    ("TOKEN_URL", f"https://auth.acme.io/{HEX}"),
    ("SECRET_FILE", "/run/secrets/k3Jx9QmZ7bTn2VwL5"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "30"),
    ("JWT_ALGORITHM", "HS256"),
    ("GIT_SHA", HEX),
    ("BUILD", DRAWN),
    ("STRIPE_PUBLIC_KEY", DRAWN),
    ("DEBUG", "true"),
    ("PASSWORD", "secret"),
    ("STRIPE_SECRET_KEY", "sk_test_..."),
    ("STRIPE_SECRET_KEY", "sk_test_your_stripe_secret_key"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_your_stripe_webhook_secret"),
    ("ENCRYPTION_KEY", "your_32_character_encryption_key_here"),
    ("JWT_SECRET", "change_this_secret_in_production_2024"),
    ("JWT_SECRET", "any_secret_here"),
    ("EMAIL_PASS", "xxxx xxxx xxxx xxxx"),
    ("AUTH_PASSWORD", "admin123"),
    ("DATABASE_URL", "postgresql://board:board_secret@postgres:5432/board"),
    ("DATABASE_URL", "postgres://<user>:<password>@<host>/db?sslmode=require"),
    ("CERT", "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"),
]


@pytest.mark.parametrize(("name", "value"), REAL)
def test_real_looking_values_are_told(name: str, value: str):
    assert looks_secret(name, value)


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_placeholders_and_defaults_raise_no_alarm(name: str, value: str):
    assert not looks_secret(name, value)


@pytest.mark.parametrize(
    "value",
    [
        "changeme",
        "CHANGE_ME",
        "your-key-here",
        "YOUR_API_KEY",
        "<token>",
        "xxx",
        "XXXX-XXXX",
        "todo",
        "replace me",
        "{{ token }}",
        "[your key]",
        "insert-token-here",
        "placeholder",
        "${TOKEN}",
        "...",
        "sk-xxxxxxxxxxxx",
        "__TOKEN__",
        "put your key here",
    ],
)
def test_values_to_be_replaced_are_placeholders(value: str):
    assert is_placeholder(value)


@pytest.mark.parametrize(
    "value",
    ["", " ", "localhost", "8000", "true", "http://here.example/x", "postgres", "a",
     DRAWN, "exchange", "x" * 500, "Ada <ada@example.com>", "https://example.com/set/key"],
)  # fmt: skip
def test_other_values_are_none(value: str):
    assert not is_placeholder(value)


@pytest.mark.parametrize(
    "name",
    ["DATABASE_URL", "A", "OAUTH2_CLIENT_SECRET_FOR_EU1", "someVeryLongNameInCamelCase",
     "NEXT_PUBLIC_S3_BUCKET_NAME_V2", "my-service.k8s-cluster-name.port", "x" * 200],
)  # fmt: skip
def test_names_are_no_secrets(name: str):
    assert not is_secret_text(name)


@pytest.mark.parametrize(
    "text", [DRAWN, "gh" + "p_" + DRAWN, "-----END", "https://a:b@c.example/x"]
)
def test_secrets_are_no_names(text: str):
    assert is_secret_text(text)


@given(st.text(), st.text())
def test_any_text_is_judged(name: str, value: str):
    assert looks_secret(name, value) in {True, False}
    assert is_placeholder(value) in {True, False}
    assert is_secret_text(value) in {True, False}


@pytest.mark.parametrize("piece", ["K", "aB3+", "-eyJaaaaaaaa"])
def test_a_very_long_text_takes_no_time(piece: str):
    text = piece * (200_000 // len(piece))
    begun = time.process_time()
    looks_secret("API_KEY", text)
    is_secret_text(text)
    assert time.process_time() - begun < 30  # by the square of its length it took a minute


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("CORS_ORIGINS", '["http://localhost:3000"]', False),
        ("DB_PASSWORD", "$ecret9Pass", False),
        ("KEYS", f'["sk_test_{DRAWN}"]', True),
        ("CONFIG", f'{{"api_key": "hf_{DRAWN}"}}', True),
        ("BOT", f"5412376890:AAH{DRAWN}", True),
        ("STORE", f"AccountName=x;AccountKey={DRAWN}{DRAWN}==", True),
        ("LIST", "[your-key]", False),
        ("API_KEY", "op://vault/item/field", False),
    ],
)  # fmt: skip
def test_brackets_hide_no_secret_and_are_none(name, value, secret):
    assert looks_secret(name, value) is secret


def test_what_json_holds_is_no_placeholder():
    assert not is_placeholder('["http://localhost:3000"]')
    assert not is_placeholder("$ecret9Pass")
    for value in ("$NAME", "${NAME}", "[token]", "{{ token }}", "<token>", "%TOKEN%"):
        assert is_placeholder(value)


@pytest.mark.parametrize(
    ("name", "value", "may"),
    [
        ("DEBUG", "true", False), ("PORT", "8000", False), ("SECRET_KEY", "", False),
        ("SECRET_KEY", "changeme", False), ("API_TOKEN", "op://work/api/token", False),
        ("DB_PASSWORD", "encrypted:BDqDBibm4wsYqMpCjTQ6BsDHmMadg9K3", False),
        ("DB_PASSWORD", "ENC[AES256_GCM,data:Tr7o=,iv:x=,tag:y=,type:str]", False),
        ("DB_PASSWORD", "vault:secret/data/db#password", False),
        ("DB_PASSWORD", "kq72Xw9", True), ("API_TOKEN", "d8f7a6s5", True),
        ("DATABASE_URL", "postgres://u:Zk83nWq1@db.corp.io/x", True),
    ],
)  # fmt: skip
def test_what_may_be_a_secret(name, value, may):
    assert may_be_secret(name, value) is may
