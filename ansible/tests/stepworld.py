"""Runs one step as a module would, in this process; a fault is a place at which the process stops itself and waits."""
import os
import signal

from belay.switch import promote, promote_endings, promote_steps, recover_steps, rollback, rollback_steps, switch, trial_steps, unconfirmed
from belay.database.mysql import LostConnection
from belay.errors import BelayError
from belay.host import host_reports
from belay.refresh import refresh_steps

NEW_OPTIONS = {
    "theme": {"option_name": b"theme", "option_value": b"new", "autoload": b"yes"},
    "added": {"option_name": b"added", "option_value": b"1", "autoload": b"no"},
}


def fill(session, table, shadow, number):
    session.execute(f"CREATE TABLE `{shadow}` (id INT PRIMARY KEY AUTO_INCREMENT, word VARCHAR(50)) ENGINE=InnoDB")
    session.execute(f"INSERT INTO `{shadow}` VALUES (1, 'uno'), (7, 'siete')")
    return 2


def promotion_of(site, params):
    return promote.Promotion(params["operation_id"], promote_steps.goal(params).release, params["promote_tables"], params["promote_options"], NEW_OPTIONS, fill)


#: Name -> (module, function, before or after it; lost: the database is gone when it is called for the first time).
PLACES = {
    "before_rename": (switch, "_rename", "before"),
    "after_rename": (switch, "_rename", "after"),
    "after_look": (promote, "few_left", "after"),
    "after_switch": (promote, "carry_strays", "before"),
    "before_links": (switch, "set_links", "before"),
    "before_attempts": (promote, "few_left", "before"),
    "after_switch_back": (rollback, "carry_strays", "before"),
    "before_late": (rollback, "late_of", "before"),
    "late_lost": (rollback, "late_of", "lost"),
    "after_report": (host_reports, "write", "after"),
    "before_telling": (unconfirmed, "_told", "before"),
    "kept": (promote_endings, "_kept", "before"),
    "going_back": (promote_endings, "go_back", "before"),
}


def _stopping(original, when):
    calls = []

    def stops(*arguments, **named):
        calls.append(original)
        if when == "lost" and len(calls) == 1:
            raise LostConnection("a test")
        if when == "before":
            os.kill(os.getpid(), signal.SIGSTOP)
        done = original(*arguments, **named)
        if when == "after":
            os.kill(os.getpid(), signal.SIGSTOP)
        return done

    return stops


def run(order):
    promote_steps.promotion_of = promotion_of
    promote_steps.preflight.warm = lambda *_: 0
    if order["pause"]:
        module, name, when = PLACES[order["pause"]]
        setattr(module, name, _stopping(getattr(module, name), when))
    steps = {"promote": promote_steps, "rollback": rollback_steps, "recover": recover_steps, "trial": trial_steps, "refresh": refresh_steps}
    try:
        return getattr(steps[order["kind"]], order["params"]["step"])(order["params"])
    except BelayError as error:
        return {"belay_error": error.as_dict()}
