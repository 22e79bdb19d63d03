"""All parameters of all patterns, in one object."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from pcapframe.errors import ParameterError
from pcapframe.patterns.abnormal_termination import AbnormalTerminationLimits
from pcapframe.patterns.capture_gaps import CaptureGapsLimits
from pcapframe.patterns.duplicate_ack_share import DuplicateAckShareLimits
from pcapframe.patterns.half_open_handshakes import HalfOpenHandshakesLimits
from pcapframe.patterns.handshake_completion import HandshakeCompletionLimits
from pcapframe.patterns.handshake_time_outliers import HandshakeTimeOutliersLimits
from pcapframe.patterns.long_idle_gaps import LongIdleGapsLimits
from pcapframe.patterns.open_at_edges import OpenAtEdgesLimits
from pcapframe.patterns.out_of_order_share import OutOfOrderShareLimits
from pcapframe.patterns.packet_retransmission import PacketRetransmissionLimits
from pcapframe.patterns.port_reuse import PortReuseLimits
from pcapframe.patterns.refused_connections import RefusedConnectionsLimits
from pcapframe.patterns.repeated_syn import RepeatedSynLimits
from pcapframe.patterns.rst_after_fin import RstAfterFinLimits
from pcapframe.patterns.rst_at_same_idle_time import RstAtSameIdleTimeLimits
from pcapframe.patterns.rst_directional_asymmetry import RstDirectionalAsymmetryLimits
from pcapframe.patterns.rst_unlike_ttl import RstUnlikeTtlLimits
from pcapframe.patterns.simultaneous_retransmissions import SimultaneousRetransmissionsLimits
from pcapframe.patterns.state_transitions import StateTransitionsLimits
from pcapframe.patterns.syn_response_imbalance import SynResponseImbalanceLimits
from pcapframe.patterns.unanswered_syns import UnansweredSynsLimits
from pcapframe.patterns.zero_window import ZeroWindowLimits

__all__ = ["Thresholds"]


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """When each pattern is reported: a field a pattern, each with its parameters.

    Meaning, unit and default of a parameter stand in the docstring of the field's class.
    ``pattern.parameter`` is the flat name of one, as in ``packet_retransmission.rate``.

    Examples
    --------
    >>> thresholds = Thresholds().with_values({"packet_retransmission.rate": 0.01})
    >>> thresholds.packet_retransmission.rate
    0.01
    """

    rst_directional_asymmetry: RstDirectionalAsymmetryLimits = field(default_factory=RstDirectionalAsymmetryLimits)
    packet_retransmission: PacketRetransmissionLimits = field(default_factory=PacketRetransmissionLimits)
    handshake_completion: HandshakeCompletionLimits = field(default_factory=HandshakeCompletionLimits)
    abnormal_termination: AbnormalTerminationLimits = field(default_factory=AbnormalTerminationLimits)
    syn_response_imbalance: SynResponseImbalanceLimits = field(default_factory=SynResponseImbalanceLimits)
    refused_connections: RefusedConnectionsLimits = field(default_factory=RefusedConnectionsLimits)
    unanswered_syns: UnansweredSynsLimits = field(default_factory=UnansweredSynsLimits)
    half_open_handshakes: HalfOpenHandshakesLimits = field(default_factory=HalfOpenHandshakesLimits)
    repeated_syn: RepeatedSynLimits = field(default_factory=RepeatedSynLimits)
    handshake_time_outliers: HandshakeTimeOutliersLimits = field(default_factory=HandshakeTimeOutliersLimits)
    rst_after_fin: RstAfterFinLimits = field(default_factory=RstAfterFinLimits)
    rst_at_same_idle_time: RstAtSameIdleTimeLimits = field(default_factory=RstAtSameIdleTimeLimits)
    rst_unlike_ttl: RstUnlikeTtlLimits = field(default_factory=RstUnlikeTtlLimits)
    out_of_order_share: OutOfOrderShareLimits = field(default_factory=OutOfOrderShareLimits)
    duplicate_ack_share: DuplicateAckShareLimits = field(default_factory=DuplicateAckShareLimits)
    capture_gaps: CaptureGapsLimits = field(default_factory=CaptureGapsLimits)
    zero_window: ZeroWindowLimits = field(default_factory=ZeroWindowLimits)
    simultaneous_retransmissions: SimultaneousRetransmissionsLimits = field(
        default_factory=SimultaneousRetransmissionsLimits
    )
    port_reuse: PortReuseLimits = field(default_factory=PortReuseLimits)
    long_idle_gaps: LongIdleGapsLimits = field(default_factory=LongIdleGapsLimits)
    open_at_edges: OpenAtEdgesLimits = field(default_factory=OpenAtEdgesLimits)
    state_transitions: StateTransitionsLimits = field(default_factory=StateTransitionsLimits)

    def with_values(self, values: Mapping[str, float]) -> "Thresholds":
        """Return thresholds with some values changed.

        Parameters
        ----------
        values : mapping
            New values by flat name.

        Returns
        -------
        Thresholds
            New ones; these stay as they are.

        Raises
        ------
        ParameterError
            There is no such name (the message lists similar ones), or the value is not a finite number of at
            least 0, or not whole where the parameter is a count.

        Examples
        --------
        >>> Thresholds().with_values({"long_idle_gaps.idle_s": 10}).to_dict()["long_idle_gaps.idle_s"]
        10.0
        >>> Thresholds().with_values({"long_idle_gaps.idle": 10})
        Traceback (most recent call last):
        pcapframe.errors.ParameterError: there is no threshold 'long_idle_gaps.idle': similar is long_idle_gaps.idle_s
        """
        known = self.to_dict()
        changed: dict[str, dict[str, float]] = {}
        for name, value in values.items():
            if name not in known:
                raise ParameterError(_unknown(name, list(known)))
            pattern, _, parameter = name.partition(".")
            changed.setdefault(pattern, {})[parameter] = _checked(name, value, known[name])
        return replace(self, **{pattern: replace(getattr(self, pattern), **new) for pattern, new in changed.items()})

    def to_dict(self) -> dict[str, float]:
        """Return all values.

        Returns
        -------
        dict
            Values by flat name, in the order of the patterns.

        Examples
        --------
        >>> Thresholds().to_dict()["abnormal_termination.reset_rate"]
        0.1
        """
        return {
            f"{pattern.name}.{parameter}": value
            for pattern in fields(self)
            for parameter, value in asdict(getattr(self, pattern.name)).items()
        }


def _unknown(name: str, known: list[str]) -> str:
    """Say that there is no such threshold, and which there are."""
    near = difflib.get_close_matches(name, known, n=5)
    near += [
        other for other in known if name in (other.partition(".")[0], other.partition(".")[2]) and other not in near
    ]
    if near:
        return f"there is no threshold {name!r}: similar is {' or '.join(near)}"
    return f"there is no threshold {name!r}: expected one of {', '.join(known)}"


def _checked(name: str, value: Any, default: float) -> float:
    """Return a value in its parameter's type."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ParameterError(f"{name} is {value!r}: expected a number of at least 0")
    if isinstance(default, int):
        if value != int(value):
            raise ParameterError(f"{name} is {value!r}: expected a whole number")
        return int(value)
    return float(value)
