"""AWS principals as clients write them, and whom they allow."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kagemusha.domain.errors import InvalidParams
from kagemusha.domain.principals import Principal, is_allowed, parse, root_arn

MODERATE = settings(max_examples=100, deadline=None)
ID = "123456789101"
ARN = f"arn:aws:iam::{ID}"
ACCOUNTS = st.text("0123456789", min_size=12, max_size=12)
NAMES = st.text(string.ascii_letters + string.digits + "_+=,.@-", min_size=1, max_size=64)
PATHS = st.just("root") | st.builds("{}/{}".format, st.sampled_from(["user", "role"]), NAMES)
PRINCIPALS = st.builds(Principal, ACCOUNTS, PATHS)


@pytest.mark.parametrize(
    ("submitted", "arn"),
    [
        (ID, f"{ARN}:root"),
        (f"{ID}:root", f"{ARN}:root"),
        (f"{ARN}:root", f"{ARN}:root"),
        (f"{ID}:user/abc.xyz", f"{ARN}:user/abc.xyz"),
        (f"{ARN}:user/abc.xyz", f"{ARN}:user/abc.xyz"),
        (f"{ID}:role/a,b", f"{ARN}:role/a,b"),
        (f"{ID}:role/_+=,.@-", f"{ARN}:role/_+=,.@-"),
        (f"{ID}:user/root", f"{ARN}:user/root"),
        (f"{ID}:user/{'x' * 64}", f"{ARN}:user/{'x' * 64}"),
        ("000000000000", "arn:aws:iam::000000000000:root"),
    ],
)
def test_what_the_article_and_the_field_write_is_taken(submitted: str, arn: str) -> None:
    """A bare id, its root, users and roles, and their ARNs, are normalised to one ARN."""
    assert parse(submitted).arn == arn


@pytest.mark.parametrize(
    "submitted",
    [
        "", " ", "*", f"{ID}:*", f"{ARN}:*", "arn:aws:iam::*:root", f"{ID}:user/*",
        ID[:-1], f"{ID}1", f"{ID[:-1]}x", "1234-5678-9101", f"{ID} ", f" {ID}", f"{ID}\n", f"{ID}:user/abc\n",
        f"{ID}\0",
        "١٢٣٤٥٦٧٨٩١٠١", "".join(chr(ord(digit) + 0xFEE0) for digit in ID), f"{ID}:user/é", f"{ID}:user/a b",
        f"{ID}:user/a\u200b",
        f"{ID}:role/team/x", f"{ID}:user/", f"{ID}:role", f"{ID}:", f"{ID}:group/x", f"{ID}:User/x", f"{ID}:ROOT",
        f"{ID}:root/x", f"{ID}:user/{'x' * 65}", f"{ID}/user/x", f"user/{ID}",
        ARN, f"{ARN}:", f"{ARN}:role/team/x", f"arn:aws-cn:iam::{ID}:root", f"arn:aws:iam:us-east-1:{ID}:root",
        f"arn:aws:sts::{ID}:assumed-role/x/y", f"ARN:aws:iam::{ID}:root", f"arn:aws:iam::{ARN}:root", f"{ID},{ID}",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_words(submitted: str) -> None:
    """No wildcards, paths, other partitions, digits of other scripts or loose ends: the message says what to give."""
    with pytest.raises(InvalidParams, match="give a 12-digit AWS account ID, ID:user/NAME or ID:role/NAME"):
        parse(submitted)


def test_a_long_refused_principal_is_cut_in_the_message() -> None:
    """The message repeats the beginning of what was sent, not all of it."""
    with pytest.raises(InvalidParams) as raised:
        parse("x" * 10_000)
    assert len(raised.value.message) < 300


@MODERATE
@given(PRINCIPALS)
def test_a_normalised_principal_stays_as_it_is(principal: Principal) -> None:
    """Reading an ARN, or what follows `iam::` in it, gives the principal whose ARN it is."""
    assert parse(principal.arn) == principal
    assert parse(principal.arn).arn == principal.arn
    assert parse(principal.arn.removeprefix("arn:aws:iam::")) == principal


@MODERATE
@given(PRINCIPALS, st.lists(PRINCIPALS, max_size=4))
def test_who_is_allowed_is_itself_or_of_an_allowed_account(principal: Principal, others: list[Principal]) -> None:
    """A root covers every principal of its account; a user or role covers only itself; an empty list nobody."""
    allowed = [each.arn for each in others]
    covered = any(each == principal or each == Principal(principal.account, "root") for each in others)
    assert is_allowed(principal.arn, allowed) is covered
    assert is_allowed(principal.arn, [*allowed, principal.arn])
    assert is_allowed(principal.arn, [*allowed, root_arn(principal.account)])


@pytest.mark.parametrize(
    ("principal", "allowed", "covered"),
    [
        ("user/a", ["root"], True),
        ("root", ["root"], True),
        ("root", ["user/a"], False),
        ("user/a", ["user/a"], True),
        ("user/a", ["role/a"], False),
        ("user/a", ["user/ab", "user/A"], False),
        ("user/a", [], False),
    ],
)
def test_whom_a_principal_covers(principal: str, allowed: list[str], *, covered: bool) -> None:
    """The cases, one by one."""
    assert is_allowed(f"{ARN}:{principal}", [f"{ARN}:{each}" for each in allowed]) is covered


def test_another_accounts_root_covers_nobody() -> None:
    """Accounts are compared whole."""
    assert not is_allowed(f"{ARN}:user/a", [root_arn("223456789101")])
