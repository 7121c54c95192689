"""Two steps of env-promote.yml around the switch: the release is tried where nobody sees it, and what it has to upgrade is upgraded."""
from __future__ import annotations

import os
from typing import Optional, Tuple

from . import armed as arms
from . import leftovers, measures
from ..candidate import candidate, data_updates, migrations
from ..database import names
from ..errors import BelayError
from ..tables.schema_snapshot import of_plain, plain
from .ended import goal
from .workplace import at_work, require_ours

#: The part of the time to a confirmation that one stage of an upgrade may take.
PART = 0.8


def trial(params):
    """After the shadows are filled: would the release answer here, and what would it do to the tables? Facts `candidate`, `migration`.

    Nothing that a visitor can see has changed, and of the trial nothing stays.
    """
    with at_work(params) as (host, point):
        if point.version == goal(params):
            return {}
        require_ours(host.site, params["operation_id"])
        host.journal.append("trial")
        tree = os.path.join(host.site.releases, goal(params).release)
        with host.open_session() as session:
            try:
                facts, error = _tried(host, session, tree, params)
            finally:
                candidate.clean(host.site, session)
        if error is not None:
            host.journal.append("failed", during="trial", error=error.as_dict())
        return {"changed": True, "belay_facts": facts, **({"belay_error": error.as_dict()} if error else {})}


def _tried(host, session, tree: str, params) -> Tuple[dict, Optional[BelayError]]:
    facts: dict = {}
    why = migrations.needed(host.site, session, tree)
    prediction = None
    try:
        if why is not None:
            prediction = migrations.predict(host.site, session, tree, params["promote_tables"])
            consent = params["migrations"]
            asked = data_updates.Asked(tree, names.copy_prefix(host.site), False, _known(params))
            rows = data_updates.waiting(host.site, session, asked, data_updates.planned(session, host.site.prefix))
            facts["migration"] = {"needed": why, "predicted": {**prediction.facts(), **rows}, "done": None}
            migrations.require_consent(host.site, prediction, migrations.Consent(consent["destructive"], consent["unpredicted"]))
        if params["candidate"]:
            questions = candidate.Asked(tree, params["promote_tables"], params["health_checks"])
            facts["candidate"] = candidate.answers(host.site, session, questions, prediction.after if prediction else {})
    except BelayError as error:
        return facts, error
    told = {"after": plain(prediction.after), **facts["migration"]} if prediction else {}
    host.journal.append("tried", release=goal(params).release, **told)
    return facts, None


def _known(params) -> list:
    """Inputs that were written by hand may lack it."""
    return params["migrations"].get("data_updates") or []


def migrate(params):
    """After the switch and before health, where the trial found something to upgrade: once, under the watchdog. Facts `migration`, and
    `migrated`, the fingerprints of tables with another structure: they become the baseline's, or they would be drift for ever.

    BelayError MIGRATION_FAILED, MIGRATION_SURPRISE: then the host goes back; tables that were upgraded stay so.
    """
    with at_work(params) as (host, point):
        tried = host.journal.last("tried")
        if point.version != goal(params) or not tried or "after" not in tried:
            return {}
        done = host.journal.last("migrated")
        if done is None:
            host.journal.append("migrating")
            with host.open_session() as session:
                done = {"done": _upgraded(host, session, str(point.version), params)}
                done["tables"] = _fingerprints(host.site, session, params, done["done"]["changes"])
            host.journal.append("migrated", **done)
        facts = {"migration": {"needed": tried["needed"], "predicted": tried["predicted"], "done": done["done"]}, "migrated": done["tables"]}
        error = _judged(host.site, done["done"], tried["predicted"]["trouble"])
        if error is not None:
            host.journal.append("failed", during="migrate", error=error.as_dict())
        return {"changed": True, "belay_facts": facts, **({"belay_error": error.as_dict()} if error else {})}


def _upgraded(host, session, version: str, params) -> dict:
    """What was done to tables, and what waits from now on."""
    site, limit_s = host.site, params["confirm_within_s"] * PART
    jobs = data_updates.planned(session, site.prefix)
    predicted = of_plain(host.journal.last("tried")["after"])
    done = migrations.upgrade(site, session, version, predicted, (limit_s, lambda: arms.extend(site, params["operation_id"])))
    arms.extend(site, params["operation_id"])
    asked = data_updates.Asked(site.tree, site.prefix, True, _known(params), limit_s)
    return {**done, **data_updates.waiting(site, session, asked, jobs)}


def _fingerprints(site, session, params, changes) -> dict:
    """Of tables that the upgrade changed, but not of promoted ones: those count as they were promoted."""
    looks = measures.looks(site, params)
    tables = sorted({change["table"] for change in changes} - set(params["promote_tables"]))
    return {table: looks.table(session, site.prefix + table, table) for table in tables if leftovers.exists(session, site.prefix + table)}


def _judged(site, done: dict, known_trouble) -> Optional[BelayError]:
    """What was not foretold. Where nothing could be foretold, and the site allowed that, only trouble counts."""
    remedy = "The release before is back; tables that were upgraded stay as they are. Compare the report's `migration` with what the plugin's notes say."
    if done["trouble"]:
        return BelayError("MIGRATION_FAILED", f"The upgrade of {site.url}'s tables did not end well: {'; '.join(done['trouble'])}.", remedy)
    if done["surprises"] and not known_trouble:
        found = migrations.told([migrations.Change(**change) for change in done["surprises"]])
        return BelayError("MIGRATION_SURPRISE", f"The upgrade of {site.url}'s tables did not do what it did on copies of them. The difference: {found}.", remedy)
    return None
