"""How much memory this process and its children had at most."""
import os
import threading

_PAUSE_S = 0.02


class Watch:
    """Within its `with` block a thread looks at this process and its children; `peak_mb` afterwards is the sum of each one's peak."""

    def __init__(self):
        self._peaks = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def peak_mb(self):
        return round(sum(self._peaks.values()) / 1024, 1)

    def _watch(self):
        while not self._stop.wait(_PAUSE_S):
            for pid in ["self", *_children()]:
                self._peaks[pid] = max(self._peaks.get(pid, 0), _peak_kb(pid))


def _children():
    found = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/children", encoding="ascii") as listing:
                found += listing.read().split()
        except OSError:
            continue
    return found


def _peak_kb(pid):
    """The kernel's own high-water mark; 0 for a process that has just gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
            return next((int(line.split()[1]) for line in status if line.startswith("VmHWM:")), 0)
    except OSError:
        return 0
