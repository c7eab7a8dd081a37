"""Upstreams that have just failed are passed over for a while."""

from app.core.circuit import Circuit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_failure_is_remembered_for_a_while_and_then_one_call_tries():
    clock = Clock()
    circuit = Circuit(30, clock)
    assert circuit.passes("a", "a/m")
    circuit.failed("a")
    assert not circuit.passes("a", "a/m")
    assert circuit.passes("b", "b/m")
    clock.now = 30
    assert [circuit.passes("a", "a/m") for _ in range(3)] == [True, False, False]
    circuit.worked("a", "a/m")
    assert circuit.passes("a", "a/m")


def test_one_missing_model_does_not_keep_others_away():
    circuit = Circuit(30, Clock())
    circuit.failed("a/m")
    assert not circuit.passes("a", "a/m")
    assert circuit.passes("a", "a/n")


def test_names_that_clients_make_up_do_not_add_up():
    circuit = Circuit(30, Clock())
    for number in range(2000):
        circuit.failed(f"a/{number}")
    assert circuit.passes("a/0")
    assert not circuit.passes("a/1999")
