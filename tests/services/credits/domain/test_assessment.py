"""Assessment: each step exact, against sums done by hand and against laws."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credits.domain.agreement_document import agreement_from_document
from credits.domain.assessment import Assessment, Verdict, assess
from credits.domain.inputs_hash import hash_inputs
from credits.domain.ledger import Account, entries_for
from credits.domain.measurement import Measurement
from credits.domain.period import Period, month_of
from tests.services.credits.documents import ACME, level

MARCH: Period = month_of("2016-03", "America/Sao_Paulo")


def measured(met: int, of: int) -> Measurement:
    """Make a Measurement."""
    return Measurement(numerator=met, denominator=of, evidence_hash="e" * 64)


def assessed(*counts: tuple[int, int], **changes: object) -> Assessment:
    """Assess the document with as many levels as counts are given."""
    levels = [level(f"level-{index}") for index in range(len(counts))]
    agreement = agreement_from_document(ACME | {"levels": levels} | changes)
    measurements = {f"level-{index}": measured(met, of) for index, (met, of) in enumerate(counts)}
    return assess(agreement, MARCH, measurements)


@pytest.mark.parametrize(
    ("met", "of", "verdict", "amount_minor"),
    [
        (95, 100, Verdict.MET, 0),
        (9_499_999_999, 10_000_000_000, Verdict.MISSED, 50_000),
        (90, 100, Verdict.MISSED, 50_000),
        (8_999_999_999, 10_000_000_000, Verdict.MISSED, 100_000),
        (0, 7, Verdict.MISSED, 100_000),
        (1, 1, Verdict.MET, 0),
        (0, 0, Verdict.NO_DATA, 0),
    ],
)
def test_bounds_are_exact(met: int, of: int, verdict: Verdict, amount_minor: int) -> None:
    """At the objective it is met, a hair below it is not, and 90 % belongs to the tier that says so."""
    result = assessed((met, of))
    assert (result.credits[0].verdict, result.amount.minor) == (verdict, amount_minor)


def test_no_data_as_missed() -> None:
    """Where missing data counts as missed, the worst tier holds, and the verdict still says no data."""
    result = assessed((0, 0), levels=[level("level-0", no_data="missed")])
    assert result.credits[0].verdict is Verdict.NO_DATA
    assert result.amount.minor == 100_000


def test_cap_and_split() -> None:
    """Two full misses and a small one ask for 25 %, are capped at 15 %, and the parts sum to the cap."""
    result = assessed((0, 1), (0, 1), (91, 100))
    assert result.before_cap.minor == 250_000
    assert result.amount.minor == 150_000
    assert [credit.amount_minor for credit in result.credits] == [60_000, 60_000, 30_000]


def test_steps_say_everything() -> None:
    """The steps, read aloud, are the sum done by hand."""
    result = assessed((92, 100))
    assert [(step.step, step.detail, step.result) for step in result.steps] == [
        (
            "period",
            "2016-03 in America/Sao_Paulo: 2016-03-01T03:00:00.000000Z to 2016-04-01T03:00:00.000000Z",
            "44640 minutes",
        ),
        (
            "level-0: measure",
            "92 met of 100 cycles due or done (policy resolution, metric resolution)",
            "92%",
        ),
        ("level-0: compare", ">= 95%", "MISSED"),
        ("level-0: tier", "at least 90%, below 95%", "5%"),
        ("level-0: amount", "5% of the fee 10000.00 BRL", "500"),
        ("sum", "of all levels", "500"),
        ("cap", "at most 15% of the fee 10000.00 BRL", "500"),
        ("round", "once, half_up", "500.00 BRL"),
        ("split", "in minor units, by largest remainder", "level-0 50000"),
    ]


@pytest.mark.parametrize(
    ("rounding", "amount_minor"), [("half_up", 3), ("half_even", 2), ("down", 2), ("up", 3), ("half_down", 2)]
)
def test_rounds_once_in_the_mode_named(rounding: str, amount_minor: int) -> None:
    """Two levels of 1.25 minor units each make 2.5, which is rounded; rounding each first would give 2."""
    result = assessed((91, 100), (91, 100), fee="0.25", rounding=rounding, cap=None)
    assert result.amount.minor == amount_minor
    assert sum(credit.amount_minor for credit in result.credits) == amount_minor


counts = st.integers(1, 10**6).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))
fees = st.integers(0, 10**11).map(lambda minor: f"{minor // 100}.{minor % 100:02}")


@given(parts=st.lists(counts, min_size=1, max_size=6), fee=fees, cap=st.integers(0, 100))
def test_laws(parts: list[tuple[int, int]], fee: str, cap: int) -> None:
    """The parts sum to the total; the total is the capped exact sum, less than a minor unit away."""
    result = assessed(*parts, fee=fee, cap={"share_of_fee": f"{cap}%"})
    fee_minor = Fraction(fee) * 100
    exact = Fraction(0)
    for met, of in parts:
        value = Fraction(met, of)
        if value < Fraction(95, 100):
            exact += fee_minor * Fraction(5 if value >= Fraction(9, 10) else 10, 100)
    capped = min(exact, fee_minor * Fraction(cap, 100))
    assert abs(result.amount.minor - capped) <= Fraction(1, 2)
    assert sum(credit.amount_minor for credit in result.credits) == result.amount.minor
    assert all(credit.amount_minor >= 0 for credit in result.credits)


@given(met=st.integers(0, 1000))
def test_more_met_never_costs_more(met: int) -> None:
    """With tiers that grow, one more Cycle met never raises the amount."""
    assert assessed((met, 1001)).amount.minor >= assessed((met + 1, 1001)).amount.minor


def hashed(**changes: Any) -> str:
    """Hash one set of inputs, with changes."""
    inputs: dict[str, Any] = {
        "agreement_key": "acme",
        "agreement_version": 1,
        "document": ACME,
        "period": MARCH,
        "measurements": {"resolution": measured(92, 100)},
    }
    return hash_inputs(**inputs | changes)


def test_hash_depends_on_every_input() -> None:
    """Any other input gives another hash; the order of a mapping's keys does not."""
    hashes = {
        hashed(),
        hashed(agreement_key="other"),
        hashed(agreement_version=2),
        hashed(document=ACME | {"fee": "10000.01"}),
        hashed(period=month_of("2016-04", "America/Sao_Paulo")),
        hashed(measurements={"resolution": measured(184, 200)}),
        hashed(measurements={"other": measured(92, 100)}),
    }
    assert len(hashes) == 7
    assert hashed(document=dict(reversed(ACME.items()))) == hashed()


def test_hash_is_the_published_recipe() -> None:
    """The recipe in the module's docstring gives this hash for ever."""
    text = (
        '{"agreement":{"document":{"customer":"Ação"},"key":"acme","version":1},'
        '"measurements":[{"denominator":100,"evidence_hash":"' + "e" * 64 + '","level":"resolution",'
        '"numerator":92}],"period":{"ends_at":"2016-04-01T03:00:00.000000Z","label":"2016-03",'
        '"starts_at":"2016-03-01T03:00:00.000000Z"}}'
    )
    assert hashed(document={"customer": "Ação"}) == hashlib.sha256(text.encode()).hexdigest()


def test_ledger_entries() -> None:
    """Each level that owes makes one balanced entry; one that owes nothing makes none."""
    result = assessed((0, 1), (1, 1))
    (entry,) = entries_for(
        {credit.level: credit.amount_minor for credit in result.credits},
        agreement_key="acme",
        agreement_version=3,
        period="2016-03",
        currency="BRL",
    )
    assert (entry.level, entry.revision, entry.amount_minor) == ("level-0", 0, 100_000)
    assert (entry.debit, entry.credit) == (Account.CREDITS_EXPENSE, Account.CUSTOMER_PAYABLE)
