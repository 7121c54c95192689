#!/usr/bin/python3
"""Ansible module: is the site healthy?"""
from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.belay.errors import run_module
from ansible.module_utils.belay.health.health import check_health, is_healthy
from ansible.module_utils.belay.host.site import Site

DOCUMENTATION = r"""
module: belay_health
short_description: Ask whether a site is healthy
description:
  - Fetches pages past caches, asks the site's own WordPress whether it is installed, and its database.
  - An unhealthy site is a result, not a failure of the module.
options:
  root: {type: path, required: true, description: Folder of the environment.}
  url: {type: str, required: true, description: Its address.}
  database: {type: str, required: true, description: Name of its database.}
  prefix: {type: str, required: true, description: Prefix of its tables.}
  health_checks:
    type: list
    elements: dict
    required: true
    description: Pages with C(path), C(status), C(contains) and C(within_s). The front page is always among them.
"""

EXAMPLES = r"""
- name: Ask whether the site is healthy
  belay_health:
    root: /srv/www/acme
    url: https://acme.example
    database: acme
    prefix: wp_
    health_checks: [{path: /shop/, status: 200, contains: Add to cart, within_s: 10}]
"""

RETURN = r"""
belay_facts: {type: dict, returned: success, description: "C(health), C(healthy) and C(active_release)."}
"""


def check(params):
    site = Site.open(params["root"], params["url"], params["database"], params["prefix"])
    results = check_health(site, params["health_checks"])
    return {"belay_facts": {"health": results, "healthy": is_healthy(results), "active_release": site.active_release()}}


def main():
    spec = dict.fromkeys(("url", "database", "prefix"), {"type": "str", "required": True})
    spec["root"] = {"type": "path", "required": True}
    spec["health_checks"] = {"type": "list", "elements": "dict", "required": True}
    run_module(AnsibleModule(argument_spec=spec), check)


if __name__ == "__main__":
    main()
