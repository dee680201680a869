"""Assess a period of an Agreement as things stand; writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from clocks.contract import Clocks, MeasureAttainment
from credits.contract import (
    AssessmentRecord,
    AssessmentStep,
    AssessPeriod,
    AttainedTarget,
    MeasurementRecord,
    ServiceCreditRecord,
)
from credits.domain.agreement import Agreement, ServiceLevel
from credits.domain.agreement_document import agreement_from_document
from credits.domain.assessment import Assessment, LevelCredit, assess
from credits.domain.document import check_key
from credits.domain.errors import AgreementUnknownError, DocumentInvalidError, LevelUnmeasurableError
from credits.domain.inputs_hash import hash_inputs
from credits.domain.measurement import Measurement
from credits.domain.period import Period, month_of
from credits.storage.agreement import LatestVersion, read_latest
from pgstore.database import Database
from serving.context import RequestContext

__all__ = ["assess_latest", "assess_version", "load_latest"]

_NOT_THERE = frozenset({"policy_unknown", "metric_unknown"})


async def assess_latest(
    context: RequestContext, request: AssessPeriod, *, database: Database, clocks: Clocks
) -> AssessmentRecord:
    """Assess the period by the Agreement's latest version.

    Raises AgreementUnknownError, PeriodInvalidError, LevelUnmeasurableError, DocumentInvalidError, and what
    the clocks service raises.
    """
    latest = await load_latest(context, request.agreement_key, database=database)
    return await assess_version(context, request, latest, clocks=clocks)


async def load_latest(context: RequestContext, key: str, *, database: Database) -> LatestVersion:
    """Read the Agreement's latest version; raises AgreementUnknownError, DocumentInvalidError for no key."""
    check_key(key, field="agreement_key")
    async with database.transaction(context.tenant_id, read_only=True) as connection:
        latest = await read_latest(connection, key)
    if latest is None:
        raise AgreementUnknownError(key, field="agreement_key")
    return latest


async def assess_version(
    context: RequestContext, request: AssessPeriod, latest: LatestVersion, *, clocks: Clocks
) -> AssessmentRecord:
    """Measure and assess by the version given, outside any transaction: the clocks may be far away."""
    agreement = agreement_from_document(latest.document)
    period = month_of(request.period, agreement.zone)
    assumed = _check(request.attained)
    measurements = {
        level.key: _assume(level, request.attained)
        if level.measure.policy in assumed
        else await _measure(context, level, period, clocks=clocks)
        for level in agreement.levels
    }
    inputs_hash = hash_inputs(
        agreement_key=request.agreement_key,
        agreement_version=latest.version,
        document=latest.document,
        period=period,
        measurements=measurements,
    )
    assessment = assess(agreement, period, measurements)
    return _record(request, latest.version, agreement, period, assessment, inputs_hash)


def _check(attained: Sequence[AttainedTarget]) -> frozenset[str]:
    """Name the policies whose attainment is given. Raises DocumentInvalidError for what cannot be a count."""
    for place, each in enumerate(attained):
        for name, count in (("met", each.met), ("breached", each.breached)):
            if count < 0:
                field = f"attained[{place}].{name}"
                raise DocumentInvalidError(
                    f"{field}: is a count, 0 or more", field=field, code="count_invalid"
                )
    return frozenset(each.policy_key for each in attained)


def _assume(level: ServiceLevel, attained: Sequence[AttainedTarget]) -> Measurement:
    """Take the counts that are given in place of a measurement; their hash says that they are."""
    measure = level.measure
    taken = [
        each
        for each in attained
        if (each.policy_key, each.metric) == (measure.policy, measure.metric)
        and measure.target in {None, each.target}
    ]
    met = sum(each.met for each in taken)
    said = msgspec.json.encode(("assumed", taken), order="deterministic")
    return Measurement(
        numerator=met,
        denominator=met + sum(each.breached for each in taken),
        evidence_hash=hashlib.sha256(said).hexdigest(),
    )


async def _measure(
    context: RequestContext, level: ServiceLevel, period: Period, *, clocks: Clocks
) -> Measurement:
    measure = level.measure
    request = MeasureAttainment(
        policy_key=measure.policy,
        metric=measure.metric,
        target=measure.target,
        start=period.starts_at,
        end=period.ends_at,
    )
    try:
        attained = await clocks.measure_attainment(_reading(context), request)
    except Exception as error:  # the service in process and its HTTP client raise different classes
        if getattr(error, "code", None) in _NOT_THERE:
            raise LevelUnmeasurableError(level.key, str(error)) from error
        raise
    return Measurement(
        numerator=attained.met,
        denominator=attained.met + attained.breached,
        evidence_hash=attained.evidence_hash,
    )


def _reading(context: RequestContext) -> RequestContext:
    """Who may bill may have the clocks read for it: the same caller, with that scope alone."""
    return msgspec.structs.replace(context, scopes=frozenset({"read"}), idempotency_key=None)


def _record(
    request: AssessPeriod,
    version: int,
    agreement: Agreement,
    period: Period,
    assessment: Assessment,
    inputs_hash: str,
) -> AssessmentRecord:
    return AssessmentRecord(
        agreement_key=request.agreement_key,
        agreement_version=version,
        period=period.label,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        currency=agreement.fee.currency.code,
        credits=tuple(_credit(owed) for owed in assessment.credits),
        before_cap_minor=assessment.before_cap.minor,
        amount_minor=assessment.amount.minor,
        steps=tuple(
            AssessmentStep(step=step.step, detail=step.detail, result=step.result)
            for step in assessment.steps
        ),
        inputs_hash=inputs_hash,
    )


def _credit(owed: LevelCredit) -> ServiceCreditRecord:
    return ServiceCreditRecord(
        level=owed.level,
        verdict=owed.verdict.value,
        measurement=MeasurementRecord(
            numerator=owed.measurement.numerator,
            denominator=owed.measurement.denominator,
            evidence_hash=owed.measurement.evidence_hash,
        ),
        amount_minor=owed.amount_minor,
    )
