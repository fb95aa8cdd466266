"""The gates at send time: everything that can keep a message from a person, in one order, with a reason."""

from domain.send_gates.candidates import OPEN, Candidate, Contact, Decision, Person, Surroundings
from domain.send_gates.deciding import decide_alone, is_address
from domain.send_gates.limits import counts, limits_of, longest_window, share_out
from domain.send_gates.rules import NO_RULES, FrequencyCap, QuietHours, QuietPolicy, SendingRules

__all__ = [
    "NO_RULES",
    "OPEN",
    "Candidate",
    "Contact",
    "Decision",
    "FrequencyCap",
    "Person",
    "QuietHours",
    "QuietPolicy",
    "SendingRules",
    "Surroundings",
    "counts",
    "decide_alone",
    "is_address",
    "limits_of",
    "longest_window",
    "share_out",
]
