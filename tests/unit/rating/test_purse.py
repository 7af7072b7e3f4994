"""What accounts can still use of their coupons, over many invoices."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from rating import Line, Period, Purse, Redeemed, discount_lines, per_meter
from rating.corrections import discount_share
from rating.coupons import Coupon, Discountable, apply_coupons

D = Decimal
MONTHS = [Period(date(2026, n, 1), date(2026, n + 1, 1)) for n in range(1, 9)]


def invoice(purse, month, amount="100"):
    """Discount one invoice, and return the discount."""
    found = apply_coupons(
        [Discountable(0, D(amount))], purse.coupons("acme", month), share_digits=2
    )
    purse.spend("acme", found.results)
    return found.discount


def purse(*redeemed, **budgets):
    return Purse({"acme": redeemed}, {key: D(left) for key, left in budgets.items()})


def percent(value=20, code="1", **terms):
    return Redeemed(Coupon("percent", D(value), "forever", code=code), **terms)


def fixed(value, frequency="once", code="1", **terms):
    return Redeemed(Coupon("fixed", D(value), frequency, code=code), **terms)


def test_a_number_of_invoices():
    held = purse(percent(invoices=3, used=1))
    assert [invoice(held, month) for month in MONTHS[:4]] == [20, 20, 0, 0]


def test_an_invoice_of_nothing_does_not_count():
    held = purse(percent(invoices=1))
    assert invoice(held, MONTHS[0], "0") == 0
    assert invoice(held, MONTHS[1]) == 20


def test_the_rest_of_a_fixed_amount_is_carried_on():
    held = purse(fixed(150))
    assert [invoice(held, month) for month in MONTHS[:3]] == [100, 50, 0]


def test_a_fixed_amount_on_each_invoice():
    held = purse(fixed(30, "forever", invoices=2))
    assert [invoice(held, month, "20") for month in MONTHS[:3]] == [20, 20, 0]


def test_until_a_day_and_revoked_from_a_day():
    held = purse(percent(until=date(2026, 2, 1)))
    assert [invoice(held, month) for month in MONTHS[:3]] == [20, 20, 0]
    held = purse(percent(revoked=date(2026, 2, 1)))
    assert [invoice(held, month) for month in MONTHS[:2]] == [20, 0]


def test_an_exclusive_coupon_works_alone_and_in_its_turn():
    held = purse(percent(10, "1", invoices=1), percent(50, "2", exclusive=True))
    assert [invoice(held, month) for month in MONTHS[:2]] == [10, 50]
    held = purse(
        percent(50, "1", exclusive=True, invoices=1), percent(10, "2"), percent(5, "3")
    )
    assert [invoice(held, month) for month in MONTHS[:2]] == [50, D("14.5")]


def test_a_budget_is_shared_by_all_and_spent_once():
    shared = Purse(
        {
            "acme": [percent(20, "1", budget="b")],
            "rival": [percent(20, "2", budget="b")],
        },
        {"b": D(25)},
    )
    assert invoice(shared, MONTHS[0]) == 20
    found = apply_coupons(
        [Discountable(0, D(100))], shared.coupons("rival", MONTHS[0]), share_digits=2
    )
    assert found.discount == 5
    shared.spend("rival", found.results)
    assert not shared.coupons("acme", MONTHS[1])


def test_a_smaller_invoice_than_agreed_is_not_discounted():
    held = purse(Redeemed(Coupon("percent", D(20), minimum=D(50), code="1"), 1))
    assert invoice(held, MONTHS[0], "49.99") == 0
    assert invoice(held, MONTHS[1], "50") == 10


def test_credits_among_the_lines_are_no_reason_for_a_negative_total():
    lines = [Discountable(0, D(12), "requests"), Discountable(1, D(-5), "storage")]
    coupon = Coupon("fixed", D(10), meters=("requests",))
    found = apply_coupons(lines, [coupon], share_digits=2)
    assert (found.discount, found.subtotal) == (7, 0)


def line(meter, amount, kind="usage"):
    return Line(
        kind, meter, *(MONTHS[0].start, MONTHS[0].end), D(0), "", D(0), D(1), D(amount)
    )


def test_discounts_are_split_by_meter():
    lines = [line("a", 10), line("b", 5), line("a", 5), line(None, 10, "commitment")]
    found = discount_lines(lines, [Coupon("percent", D(10), code="7")], MONTHS[0], 2)
    assert [(one.meter, one.amount, one.code) for one in found] == [
        ("a", D("-1.50"), "7"),
        ("b", D("-0.50"), "7"),
        (None, D(-1), "7"),
    ]
    assert per_meter((*lines, *found)) == (*lines, *found)


money = st.integers(0, 10**5).map(lambda n: D(n) / 100)
held_coupons = st.builds(
    Redeemed,
    coupon=st.one_of(
        st.builds(
            Coupon,
            type=st.just("percent"),
            value=st.integers(1, 100).map(D),
            frequency=st.just("forever"),
            minimum=st.none() | money,
        ),
        st.builds(
            Coupon,
            type=st.just("fixed"),
            value=money,
            frequency=st.sampled_from(["once", "forever"]),
            meters=st.none() | st.just(("a",)),
        ),
    ),
    invoices=st.none() | st.integers(1, 4),
    until=st.none() | st.sampled_from([month.start for month in MONTHS]),
    exclusive=st.booleans(),
    budget=st.none() | st.just("b"),
)


@given(
    st.lists(held_coupons, max_size=4),
    money,
    st.lists(st.lists(st.tuples(st.sampled_from("ab"), money), max_size=3), max_size=8),
)
def test_many_months_never_give_more_than_was_promised(redeemed, budget, bills):
    redeemed = [
        replace(one, coupon=replace(one.coupon, code=str(number)))
        for number, one in enumerate(redeemed)
    ]
    held = Purse({"acme": redeemed}, {"b": budget})
    given_by = {one.coupon.code: [] for one in redeemed}
    for month, bill in zip(MONTHS, bills, strict=False):
        found = apply_coupons(
            [Discountable(n, *reversed(item)) for n, item in enumerate(bill)],
            held.coupons("acme", month),
            share_digits=2,
        )
        held.spend("acme", found.results)
        assert found.subtotal >= 0
        for result in found.results:
            if result.discount:
                given_by[result.coupon.code].append((month, result.discount))
    for one in redeemed:
        uses = given_by[one.coupon.code]
        if one.invoices is not None:
            assert len(uses) <= one.invoices
        if one.until:
            assert all(month.start <= one.until for month, _amount in uses)
        if one.coupon.type == "fixed" and one.coupon.frequency == "once":
            assert sum(amount for _month, amount in uses) <= one.coupon.value
    drawn = [
        amount
        for one in redeemed
        if one.budget
        for _month, amount in given_by[one.coupon.code]
    ]
    assert sum(drawn, D(0)) <= budget


@given(st.integers(1, 10**6), st.integers(0, 100), st.lists(st.integers(1, 10**5)))
def test_partial_credits_take_back_exactly_the_discount(cents, rate, parts):
    billed = D(cents) / 100
    discount = -(billed * rate / 100).quantize(D("0.01"))
    open_amount, left = billed, discount
    for part in parts:
        credited = min(D(part) / 100, open_amount)
        share = discount_share(discount, left, billed, open_amount, credited, 2)
        assert left <= share <= 0
        assert abs(share - discount * credited / billed) <= D("0.01")
        open_amount, left = open_amount - credited, left - share
    share = discount_share(discount, left, billed, open_amount, open_amount, 2)
    assert share == left
