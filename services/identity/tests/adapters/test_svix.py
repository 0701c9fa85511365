"""Webhook signatures, by the examples that Svix and Standard Webhooks publish."""

from datetime import UTC, datetime, timedelta

import pytest

from identity.adapters.svix import BadSecret, BadSignature, WebhookSecrets

EXAMPLES = [
    (
        "whsec_plJ3nmyCDGBKInavdOK15jsl",
        {
            "svix-id": "msg_loFOjxBNrRLzqYUf",
            "svix-timestamp": "1731705121",
            "svix-signature": "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
        },
        b'{"event_type":"ping","data":{"success":true}}',
    ),
    (
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        {
            "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "svix-timestamp": "1614265330",
            "svix-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        b'{"test": 2432232314}',
    ),
]
SECRET, HEADERS, BODY = EXAMPLES[1]
SENT = datetime.fromtimestamp(1614265330, UTC)


def test_the_published_examples_hold() -> None:
    for secret, headers, body in EXAMPLES:
        now = datetime.fromtimestamp(int(headers["svix-timestamp"]), UTC)
        assert WebhookSecrets(secret).check(headers, body, now) == headers["svix-id"]


def test_while_secrets_are_exchanged_each_of_them_signs_and_each_signature_is_looked_at() -> None:
    both = WebhookSecrets(f"{EXAMPLES[0][0]}, {SECRET}")
    several = {**HEADERS, "svix-signature": f"v1,AAAA v1a,BBBB {HEADERS['svix-signature']}"}
    assert both.check(several, BODY, SENT) == "msg_p5jXN8AQM9LWM0D4loKWxJek"


@pytest.mark.parametrize(
    "change",
    [
        {"svix-id": "msg_another"},
        {"svix-id": ""},
        {"svix-timestamp": "1614265331"},
        {"svix-timestamp": "soon"},
        {"svix-timestamp": "-1"},
        {"svix-signature": ""},
        {"svix-signature": "v1,AAAA"},
        {"svix-signature": "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
        {"svix-signature": "v1,é"},
    ],
)
def test_a_signature_of_anything_else_does_not_hold(change: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        WebhookSecrets(SECRET).check(HEADERS | change, BODY, SENT)


def test_nor_of_another_body_nor_by_another_secret_nor_by_none() -> None:
    for secrets, body in ((SECRET, BODY + b" "), (EXAMPLES[0][0], BODY), ("", BODY)):
        with pytest.raises(BadSignature):
            WebhookSecrets(secrets).check(HEADERS, body, SENT)


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_delivery_is_five_minutes_old_at_most(seconds: int) -> None:
    with pytest.raises(BadSignature):
        WebhookSecrets(SECRET).check(HEADERS, BODY, SENT + timedelta(seconds=seconds))
    WebhookSecrets(SECRET).check(HEADERS, BODY, SENT + timedelta(seconds=seconds // 301 * 300))


@pytest.mark.parametrize("written", ["whsec_", "whsec_????", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA"])
def test_what_is_no_secret_stops_the_service(written: str) -> None:
    with pytest.raises(BadSecret) as refused:
        WebhookSecrets(written)
    assert written.removeprefix("whsec_") not in str(refused.value) or written == "whsec_"
