"""Looking for garbage less often: cycles are freed all the same."""

import subprocess
import sys

PROGRAM = """
import gc, weakref
from runtime.garbage import collect_rarely

class Knot: pass

def tie():
    knot = Knot()
    knot.itself = knot
    return weakref.ref(knot)

collect_rarely()
knots = [tie() for _ in range(100_000)]
print(gc.get_freeze_count() > 0, sum(knot() is not None for knot in knots) < 50_000)
"""


def test_what_refers_to_itself_is_freed_before_there_is_much_of_it() -> None:
    # In a process of its own: this one goes on collecting as it did.
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
