"""What a host answers is data on the runner, which holds the key of every host: whoever owns one host does not own the runner."""
import shutil
import tempfile
import unittest
from pathlib import Path

from tests.plays import run_play


class AnswersTest(unittest.TestCase):
    def test_an_answer_that_is_passed_on_is_never_a_template(self):
        folder = Path(tempfile.mkdtemp(prefix="belay-answers-"))
        self.addCleanup(shutil.rmtree, folder)
        evil = "{{ lookup('pipe', 'touch %s') }}" % (folder / "owned")
        # As env_refresh does it: a path that one host tells becomes a variable of the steps on the other one.
        tasks = [
            {"name": "Ask a host", "ansible.builtin.command": {"argv": ["printf", "%s", f"{{% raw %}}{evil}{{% endraw %}}"]}, "register": "told"},
            {
                "name": "Pass it on",
                "vars": {"passed": "/incoming/{{ told.stdout | basename }}", "whole": "{{ told.stdout }}"},
                "ansible.builtin.assert": {"that": ["'lookup' in whole", "whole.startswith('{' + '{')"], "quiet": True},
            },
            {"name": "Show it", "vars": {"whole": "{{ told.stdout }}"}, "ansible.builtin.debug": {"msg": "{{ whole }}"}},
        ]
        code, said = run_play(folder, tasks)
        self.assertEqual(code, 0, said)
        self.assertFalse((folder / "owned").exists())


if __name__ == "__main__":
    unittest.main()
