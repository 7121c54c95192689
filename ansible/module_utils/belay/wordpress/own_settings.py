"""Option rows that an environment has for itself: what a first clone must not take over from the original as it is."""
from __future__ import annotations

from typing import Dict, Optional
from urllib.parse import urlsplit

from ..bundle.phpserialize import KEY, STRING, Malformed, join, looks_serialized, split
from ..bundle.rewrite import Rewriter
from ..scope.rules import matches
from ..text import raw

Row = Optional[Dict[str, Optional[bytes]]]

#: Members of settings that keep a copy from sending mail or moving money: option or pattern -> {key: value of the test mode}.
#: Such rows are credentials, which a copy does not get; this is for sites that call one of them configuration.
TEST_MODE = {
    "wp_mail_smtp": {b"do_not_send": b"1"},
    "edd_settings": {b"test_mode": b"1"},
    "woocommerce_square_settings": {b"enable_sandbox": b"yes"},
    "woocommerce-ppcp-settings": {b"sandbox_on": b"1"},
    "woocommerce_*_settings": {
        b"testmode": b"yes", b"test_mode": b"yes", b"sandbox": b"yes", b"sandbox_mode": b"yes", b"enable_sandbox": b"yes", b"is_test_mode": b"yes",
    },
    "wc_*_settings": {b"testmode": b"yes", b"test_mode": b"yes", b"sandbox": b"yes", b"enable_sandbox": b"yes"},
    "mepr_options": {b"test_mode": b"1", b"sandbox": b"1"},
}
#: Options that are the switch themselves.
TEST_MODE_PLAIN = {
    "mollie-payments-for-woocommerce_test_mode_enabled": b"yes", "pmpro_gateway_environment": b"sandbox", "wcpay_test_mode": b"yes",
}
#: Jobs that would run twice, and what WordPress makes again from the code and the address that it has now.
FORGOTTEN = ("cron", "rewrite_rules")
#: Caches by name; they speak of the original.
CACHES = ("\\_transient\\_%", "\\_site\\_transient\\_%")


def settings_of_clone(rows: Dict[str, bytes], url: str, rewriter: Rewriter) -> Dict[str, Row]:
    """What has to change in the option rows of a clone (name -> value): the clone's own address, hidden from search
    engines, no scheduled jobs, gateways and mail in test mode where that is known. None: the row goes."""
    changed: Dict[str, Row] = {name: None for name in FORGOTTEN if name in rows}
    for name in ("siteurl", "home"):
        changed[name] = {"option_value": _address(rewriter.value(rows.get(name, b"")), url)}
    changed["blog_public"] = {"option_value": b"0"}
    for name, value in rows.items():
        tested = _tested(name, value)
        if tested != value:
            changed[name] = {"option_value": rewriter.value(tested)}
    return {name: row if row is None else {"option_name": raw(name), "autoload": b"yes", **row} for name, row in changed.items()}


def in_test_mode_rows(changes: Dict[str, Row]) -> Dict[str, Row]:
    """Option rows that come from the original, with every switch of a test mode on."""
    return {name: row if row is None else {**row, "option_value": _tested(name, row["option_value"] or b"")} for name, row in changes.items()}


def _tested(name: str, value: bytes) -> bytes:
    if name in TEST_MODE_PLAIN:
        return TEST_MODE_PLAIN[name]
    found = [members for pattern, members in TEST_MODE.items() if matches(pattern, name)]
    return in_test_mode(value, found[0]) if found else value


def in_test_mode(value: bytes, members: Dict[bytes, bytes]) -> bytes:
    """A serialised settings array with these members set where it has them; anything else stays as it is."""
    if not looks_serialized(value):
        return value
    try:
        pieces = split(value)
    except Malformed:
        return value
    for at in range(1, len(pieces)):
        key = pieces[at - 1]
        if key.kind == KEY and key.data in members and pieces[at].kind in (STRING, "raw"):
            new = members[key.data]
            if pieces[at].kind == STRING:
                pieces[at] = pieces[at]._replace(data=new)
            elif pieces[at].data in (b"b:0;", b"i:0;"):
                pieces[at] = pieces[at]._replace(data=pieces[at].data[:2] + b"1;")
    return join(pieces)


def _address(found: bytes, url: str) -> bytes:
    """What the original's address became, when it is one of the clone's; otherwise the clone's address."""
    there, here = urlsplit(found.decode(errors="replace")), urlsplit(url)
    return found if (there.scheme, there.netloc) == (here.scheme, here.netloc) else url.rstrip("/").encode()
