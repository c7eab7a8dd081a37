"""Hosts by their names: whom an address stands for, and which names a stranger may own."""

import pytest

from app.domain.hosts import may_be_rebound, network_of


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("-", "-"),
        ("unknown", "unknown"),
    ],
)
def test_addresses_of_one_owner_count_as_one(host: str, network: str) -> None:
    assert network_of(host) == network


@pytest.mark.parametrize(
    "host", ["shop.example", "SHOP.example.", "127.0.0.1.nip.io", "a.local.example", "1.2.3"]
)
def test_a_name_with_a_dot_may_lead_anywhere(host: str) -> None:
    assert may_be_rebound(host)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "::1", "2001:db8::1", "localhost", "signage-pc", "", "pc.local", "a.internal."],
)
def test_what_the_dns_does_not_give_away_is_safe(host: str) -> None:
    assert not may_be_rebound(host)
