"""The one function that portal, preview and invoice call.

Order: usage, fees, the commitment's true-up, adjustments of earlier periods,
coupons, and at last the minimum invoice. Allowances appear as lines of their own
with amount 0, ahead of what is billed.
"""

from dataclasses import replace

from .commitment import minimum_invoice, prorated, true_up
from .coupons import Discountable, apply_coupons
from .periods import Period
from .rounding import ONE, ZERO, exact, half_up
from .types import Line, Statement, StatementRequest
from .usage import rate_usage


@exact
def rate_statement(request):
    """Rate one account and one period.

    The result depends on nothing but the request, and not on the order of its
    usage and prices. Every amount is rounded half up to the currency's digits,
    once per line.

    :param StatementRequest request: what is known about the account and period
    :return: Statement, whose total is the sum of its lines
    :raise RatingError: usage that no meter, price or tier covers, usage outside
        the period, or a value that has no meaning
    """
    lines = rate_usage(request)
    lines += [_fee_line(fee, request) for fee in request.fees]
    lines += _commitment_lines(lines, request)
    lines += [_adjustment_line(item, request) for item in request.adjustments]
    discounts = _discounts(lines, request)
    lines += _coupon_lines(discounts, request)
    lines += _minimum_lines(lines, request)
    return Statement(tuple(lines), _total(lines), discounts.results)


def fee_line(fee, digits):
    """Return the line of a fee, whose amount is rounded as it is billed.

    :param Fee fee: the fee
    :param int digits: decimals of the currency
    :rtype: Line
    """
    request = StatementRequest(Period(fee.start, fee.end), digits, (), (), ())
    return _fee_line(fee, request)


def discount_lines(lines, coupons, period, digits):
    """Return the coupon lines of lines that are billed again, one for each meter.

    :param lines: iterable of Line
    :param coupons: iterable of Coupon, in the order of their redemption
    :param Period period: of the statement
    :param int digits: decimals of the currency
    :rtype: tuple[Line, ...]
    """
    lines = tuple(lines)
    request = StatementRequest(period, digits, (), (), (), coupons=tuple(coupons))
    found = _coupon_lines(_discounts(lines, request), request)
    return per_meter((*lines, *found))[len(lines) :]


@exact
def per_meter(lines):
    """Split every coupon line by the meters, and fees, of what it discounts.

    Lines of one meter are booked and taxed alike, and so is their discount.

    :param lines: sequence of Line, those of a whole statement
    :return: the lines, with one coupon line for each coupon and meter, or fee
    :rtype: tuple[Line, ...]
    """
    result = []
    for line in lines:
        if line.kind != "coupon":
            result.append(line)
            continue
        parts = {}
        for position, share in line.shares:
            key = lines[position].meter, lines[position].fee
            parts.setdefault(key, []).append((position, share))
        for (meter, fee), shares in parts.items():
            amount = -sum((share for _position, share in shares), ZERO)
            if amount:
                result.append(
                    replace(
                        line,
                        meter=meter,
                        fee=fee,
                        amount=amount,
                        flat=amount,
                        shares=tuple(shares),
                    )
                )
    return tuple(result)


def _total(lines):
    return sum((line.amount for line in lines), ZERO)


def _fixed(kind, amount, request, **details):
    """Return a line that is one fixed amount of the period."""
    values = {
        "meter": None,
        "start": request.period.start,
        "end": request.period.end,
        "quantity": ZERO,
        "unit": "",
        "unit_price": ZERO,
        "per": ONE,
        "flat": amount,
        "plan": request.plan,
    }
    return Line(
        kind=kind,
        amount=half_up(amount, request.currency_digits),
        **values | details,
    )


def _fee_line(fee, request):
    details = {
        "start": fee.start,
        "end": fee.end,
        "code": fee.code,
        "fee": fee.code,
        "plan": request.plan if fee.plan is None else fee.plan,
        "note": fee.note,
    }
    if fee.period_days is None:
        return _fixed("fee", fee.amount, request, **details)
    days = (fee.end - fee.start).days
    return _fixed(
        "fee",
        fee.amount * days / fee.period_days,
        request,
        unit_price=fee.amount,
        per=ONE * fee.period_days,
        charged_quantity=ONE * days,
        **details | {"flat": ZERO},
    )


def _commitment_lines(lines, request):
    commitment = request.commitment
    if commitment is None:
        return []
    minimum = prorated(
        commitment.minimum,
        commitment.days,
        commitment.period_days,
        request.currency_digits,
    )
    spent = _total(lines)
    missing = true_up(minimum, spent)
    if not missing:
        return []
    return [_fixed("commitment", missing, request, metered=spent)]


def _adjustment_line(item, request):
    return _fixed(
        "adjustment",
        item.amount,
        request,
        meter=item.meter,
        start=item.start,
        end=item.end,
        quantity=item.quantity,
        unit=item.unit,
        price=item.price,
        code=item.code,
        note=item.note,
    )


def _discounts(lines, request):
    """Apply the coupons to all that is charged.

    The unused rest of a fee is what was paid for it, without what coupons took off:
    they have nothing to do with it any more.
    """
    return apply_coupons(
        [
            Discountable(position, line.amount, line.meter, line.plan)
            for position, line in enumerate(lines)
            if not (line.kind == "fee" and line.note == "unused")
        ],
        request.coupons,
        request.currency,
        request.currency_digits,
        share_digits=request.currency_digits,
    )


def _coupon_lines(discounts, request):
    """Return a line for every coupon that took something off, as they worked."""
    results = [discounts.results[number] for number in discounts.order]
    return [
        _fixed(
            "coupon",
            -result.discount,
            request,
            code=result.coupon.code,
            shares=tuple(
                (line.id, share)
                for line, share in zip(discounts.lines, result.shares, strict=True)
                if share
            ),
        )
        for result in results
        if result.discount
    ]


def _minimum_lines(lines, request):
    least = request.minimum_invoice
    if least is None:
        return []
    total = _total(lines)
    missing = minimum_invoice(
        total,
        least.minimum,
        least.effective,
        request.period.start,
        request.currency_digits,
    )
    return [_fixed("minimum", missing, request, metered=total)] if missing else []
