"""The circuit, as a table of states."""

from __future__ import annotations

from calendars.storage.guarded_redis import Circuit


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        """Read it."""
        return self.at_s


def test_a_circuit_opens_at_a_failure_and_probes_after_its_cool_down() -> None:
    """Closed, open, one probe at a time, closed by a success."""
    seconds = Seconds()
    circuit = Circuit(cool_down_s=1.0, monotonic=seconds)
    assert [circuit.allows(), circuit.allows()] == [True, True]
    circuit.failed()
    assert [circuit.allows(), circuit.allows()] == [False, False]
    seconds.at_s = 0.999
    assert not circuit.allows()
    seconds.at_s = 1.0
    assert [circuit.allows(), circuit.allows(), circuit.allows()] == [True, False, False]
    circuit.failed()
    seconds.at_s = 1.5
    assert not circuit.allows()
    seconds.at_s = 2.0
    assert circuit.allows()
    circuit.succeeded()
    assert [circuit.allows(), circuit.allows()] == [True, True]


def test_a_probe_that_never_ends_is_followed_by_another() -> None:
    """A probe that was cancelled does not keep the circuit open for ever."""
    seconds = Seconds()
    circuit = Circuit(cool_down_s=1.0, monotonic=seconds)
    circuit.failed()
    seconds.at_s = 1.0
    assert circuit.allows()
    seconds.at_s = 2.0
    assert circuit.allows()
