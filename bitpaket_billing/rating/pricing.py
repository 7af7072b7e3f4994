"""Price models: from a billed quantity to an unrounded amount.

Models that know ``previous`` rate one line of a period that has earlier lines:
the amount is what the whole period costs with the line, less what it cost before.
Tiers are (up_to, unit_price, flat) in ascending order; ``up_to`` belongs to its
tier, anything above it to the next.
"""

from dataclasses import dataclass
from decimal import Decimal

from .errors import BeyondLastTier
from .metering import beyond
from .rounding import HUNDRED, ONE, ZERO, ceil, exact, half_up


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of a price.

    :param Decimal up_to: upper bound in billed units, inclusive; None: unlimited
    :param Decimal unit_price: price of a unit in the tier
    :param Decimal flat: fee due once the tier is reached
    :param Decimal size: units of a block, when the unit price is that of a block
    """

    up_to: Decimal | None
    unit_price: Decimal
    flat: Decimal = ZERO
    size: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A step of a price for whole blocks, sized in blocks.

    :param Decimal size: units of a block
    :param Decimal price: price of a block, started ones count
    :param Decimal most: number of blocks in the step; None: unlimited
    """

    size: Decimal
    price: Decimal
    most: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TierShare:
    """What of a quantity falls in one tier.

    :param Decimal lower: lower bound of the tier, exclusive
    :param Decimal units: units in the tier
    :param Decimal flat: fee due for reaching the tier with these units
    """

    tier: Tier
    lower: Decimal
    units: Decimal
    flat: Decimal

    @property
    @exact
    def amount(self):
        """Unrounded amount, with the fee."""
        return self.units * self.tier.unit_price + self.flat


def capped(before, after, minimum=None, maximum=None):
    """Hold a period's running amount between a minimum and a maximum.

    :param Decimal before: rated amount of the period up to this line
    :param Decimal after: the same with this line
    :param Decimal minimum: least amount of the period, topped up by this line,
        which must be the period's last; None: no minimum
    :param Decimal maximum: greatest amount of the period; None: no maximum
    :return: Decimal, amount of this line
    """
    if maximum is not None:
        before, after = min(before, maximum), min(after, maximum)
    if minimum is not None:
        after = max(after, minimum)
    return after - before


@exact
def spend_limits(
    line, before=ZERO, discount_percent=ZERO, minimum=None, maximum=None, last=True
):
    """Apply a price's minimum and maximum to a line that is rated already.

    :param Decimal line: rated amount
    :param Decimal before: amount of the period's earlier lines
    :param Decimal discount_percent: discount on this line, taken before the limits
    :param Decimal minimum: as in :func:`capped`
    :param Decimal maximum: as in :func:`capped`
    :param bool last: False when more lines follow: no minimum yet
    :return: Decimal, unrounded
    """
    line = line * (HUNDRED - discount_percent) / HUNDRED
    return capped(before, before + line, minimum if last else None, maximum)


@exact
def per_unit(
    quantity, unit_price, free=ZERO, previous=ZERO, minimum=None, maximum=None
):
    """Price every unit beyond an allowance.

    :param Decimal quantity: units of this line
    :param Decimal unit_price: price of a unit
    :param Decimal free: free units of the period
    :param Decimal previous: units of the period rated before
    :param Decimal minimum: as in :func:`capped`
    :param Decimal maximum: as in :func:`capped`
    :return: Decimal, unrounded
    """
    before = beyond(previous, free) * unit_price
    after = beyond(previous + quantity, free) * unit_price
    return capped(before, after, minimum, maximum)


@exact
def per_pack(quantity, unit_price, per=ONE, free=ZERO, whole=None):
    """Price units by the pack, as object stores price operations.

    :param Decimal quantity: units used
    :param Decimal unit_price: price of ``per`` units
    :param Decimal per: units of a pack
    :param Decimal free: free units
    :param str whole: units: started units count, before the allowance; packs:
        started packs count, after it; None: fractions are billed as they are
    :return: Decimal, unrounded
    """
    if whole == "units":
        quantity = ceil(quantity)
    packs = beyond(quantity, free) / per
    return (ceil(packs) if whole == "packs" else packs) * unit_price


@exact
def package(
    quantity, price, size, free=ZERO, previous=ZERO, minimum=None, maximum=None
):
    """Price started packages; one opened by an earlier line is not charged again.

    :param Decimal quantity: units of this line
    :param Decimal price: price of a package
    :param Decimal size: units of a package
    :param Decimal free: free units of the period
    :param Decimal previous: units of the period rated before
    :param Decimal minimum: as in :func:`capped`
    :param Decimal maximum: as in :func:`capped`
    :return: Decimal, unrounded
    """
    before = ceil(beyond(previous, free) / size) * price
    after = ceil(beyond(previous + quantity, free) / size) * price
    return capped(before, after, minimum, maximum)


def stretch(tiers, start, end):
    """Cut a stretch of positions at the tiers' bounds.

    :param tiers: sequence of Tier
    :param Decimal start: where the stretch starts; positions below 0 belong to
        the first tier
    :param Decimal end: where it ends, not before the start
    :return: list of (tier, lower bound, units), one for every tier
    :raise BeyondLastTier: the stretch ends beyond the last tier
    """
    cut = []
    lower = ZERO
    for number, tier in enumerate(tiers):
        first = max(start, lower) if number else start
        last = end if tier.up_to is None else min(end, tier.up_to)
        cut.append((tier, lower, max(last - first, ZERO)))
        if tier.up_to is None:
            break
        lower = tier.up_to
    else:
        if end > lower:
            raise BeyondLastTier(end, lower)
    return cut


def _is_free_of_flat(total, flat_at_zero):
    return total <= 0 and not flat_at_zero


@exact
def graduated_reached(quantity, tiers, flat_at_zero=True):
    """List what falls in every reached tier.

    :param Decimal quantity: units of the whole period
    :param tiers: sequence of Tier; the first is always reached
    :param bool flat_at_zero: whether the first tier's fee is due at quantity 0
    :return: list of TierShare, in tier order
    :raise BeyondLastTier: the quantity exceeds the last tier
    """
    start, end = min(quantity, ZERO), max(quantity, ZERO)
    sign = -1 if quantity < 0 else 1
    none_due = _is_free_of_flat(quantity, flat_at_zero)
    return [
        TierShare(tier, lower, sign * units, ZERO if none_due else tier.flat)
        for number, (tier, lower, units) in enumerate(stretch(tiers, start, end))
        if not number or quantity > lower
    ]


@exact
def graduated_added(quantity, tiers, previous):
    """List what one line adds to every tier.

    :param Decimal quantity: units of this line; negative for a correction
    :param tiers: sequence of Tier
    :param Decimal previous: units of the period rated before
    :return: list of TierShare, only of tiers that receive (or lose) units; a
        tier's fee is with the line that enters it, and given back by the line
        that leaves it
    :raise BeyondLastTier: the quantity exceeds the last tier
    """
    total = previous + quantity
    start, end = min(previous, total), max(previous, total)
    sign = -1 if quantity < 0 else 1
    return [
        TierShare(
            tier,
            lower,
            sign * units,
            sign * tier.flat if start <= lower < end else ZERO,
        )
        for tier, lower, units in stretch(tiers, start, end)
        if units
    ]


def _graduated_total(total, tiers, flat_at_zero):
    shares = graduated_reached(total, tiers, flat_at_zero)
    return sum((share.amount for share in shares), ZERO)


@exact
def graduated(
    quantity,
    tiers,
    previous=ZERO,
    flat_at_zero=True,
    minimum=None,
    maximum=None,
):
    """Price every unit at its tier, plus the fee of every reached tier.

    :param Decimal quantity: units of this line
    :param tiers: sequence of Tier
    :param Decimal previous: units of the period rated before
    :param bool flat_at_zero: whether the first tier's fee is due at quantity 0
    :param Decimal minimum: as in :func:`capped`
    :param Decimal maximum: as in :func:`capped`
    :return: Decimal, unrounded
    :raise BeyondLastTier: the quantity exceeds the last tier
    """
    before = ZERO
    if previous > 0:
        before = _graduated_total(previous, tiers, flat_at_zero)
    after = _graduated_total(previous + quantity, tiers, flat_at_zero)
    return capped(before, after, minimum, maximum)


def tier_of(quantity, tiers):
    """Find the tier that holds a quantity.

    :param Decimal quantity: units
    :param tiers: sequence of objects with ``up_to``
    :return: (tier, lower bound)
    :raise BeyondLastTier: the quantity exceeds the last tier
    """
    lower = ZERO
    for tier in tiers:
        if tier.up_to is None or quantity <= tier.up_to:
            return tier, lower
        lower = tier.up_to
    raise BeyondLastTier(quantity, lower)


@exact
def volume(
    quantity,
    tiers,
    tier_quantity=None,
    flat_at_zero=True,
    minimum=None,
    maximum=None,
):
    """Price the whole quantity at one tier; the amount may fall when usage grows.

    :param Decimal quantity: units priced
    :param tiers: sequence of Tier
    :param Decimal tier_quantity: units that select the tier, when not the same
    :param bool flat_at_zero: whether the first tier's fee is due at quantity 0
    :param Decimal minimum: as in :func:`capped`
    :param Decimal maximum: as in :func:`capped`
    :return: Decimal, unrounded
    :raise BeyondLastTier: the quantity exceeds the last tier
    """
    tier, _lower = tier_of(quantity if tier_quantity is None else tier_quantity, tiers)
    flat = ZERO if _is_free_of_flat(quantity, flat_at_zero) else tier.flat
    return capped(ZERO, quantity * tier.unit_price + flat, minimum, maximum)


@exact
def capacity(peak, tiers):
    """Charge the flat price of the tier that holds the period's peak.

    :param Decimal peak: greatest quantity of the period
    :param tiers: sequence of Tier, priced by their flat fee
    :return: Decimal
    :raise BeyondLastTier: the peak exceeds the last tier
    """
    return tier_of(peak, tiers)[0].flat


@exact
def blocks_all(quantity, blocks):
    """Fill steps of whole blocks one after the other.

    :param Decimal quantity: units used
    :param blocks: sequence of Block; usage beyond a limited last one is free
    :return: Decimal
    """
    amount = ZERO
    for block in blocks:
        if quantity <= 0:
            break
        count = ceil(quantity / block.size)
        if block.most is not None:
            count = min(count, block.most)
        amount += count * block.price
        quantity -= count * block.size
    return amount


@exact
def blocks_top(quantity, blocks):
    """Price all usage in blocks of the step it reaches.

    :param Decimal quantity: units used
    :param blocks: sequence of Block; the last one takes what is beyond it
    :return: Decimal
    """
    room = ZERO
    for block in blocks:
        if block.most is None:
            break
        room += block.most * block.size
        if quantity <= room:
            break
    return ceil(quantity / block.size) * block.price


@exact
def dynamic(amounts, multiplier, digits=2):
    """Charge events that carry their own amount.

    :param amounts: iterable of Decimal, money
    :param Decimal multiplier: factor on their sum
    :param int digits: decimals of the currency
    :return: Decimal, rounded half up, once
    """
    return half_up(sum(amounts, ZERO) * multiplier, digits)


@exact
def prorated_graduated(changes, tiers, digits=2):
    """Price units that come and go, each for the part of the period it lasts.

    :param changes: iterable of (units, prorated units): changes of the count in
        time order, and the same times their share of the period
    :param tiers: sequence of Tier; fees are never prorated: the first tier's is
        always due, another's if the count ever exceeded its lower bound
    :param int digits: decimals of the currency
    :return: Decimal, not negative, rounded half up, once
    :raise BeyondLastTier: the count exceeds the last tier
    """
    amount = position = highest = ZERO
    for change, prorated in changes:
        after = position + change
        start, end = min(position, after), max(position, after)
        full = sum(
            (units * tier.unit_price for tier, _, units in stretch(tiers, start, end)),
            ZERO,
        )
        amount += full * prorated / abs(change)
        position = after
        highest = max(highest, position)
    amount += sum(share.flat for share in graduated_reached(highest, tiers))
    return half_up(max(amount, ZERO), digits)
