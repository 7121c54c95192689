"""Plays of one test, run by ansible-playbook with the project's configuration."""
import json
import os
import subprocess
from pathlib import Path

ANSIBLE = Path(__file__).parents[1]


def run_play(folder, tasks, inventory="here ansible_connection=local\n"):
    """The exit code and the output of a play with these tasks on the host `here`; its files lie in `folder`."""
    (folder / "inventory").write_text(inventory)
    (folder / "play.yml").write_text(json.dumps([{"hosts": "here", "tasks": tasks}]))
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_CONFIG": str(ANSIBLE / "ansible.cfg"), "ANSIBLE_LOCAL_TEMP": str(folder / "tmp")}
    command = ["ansible-playbook", "-i", str(folder / "inventory"), str(folder / "play.yml")]
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.decode()
