"""A name that a module uses but nowhere defines or imports is found here, not by the one promotion that comes to that line."""
import ast
import builtins
import unittest
from pathlib import Path

ANSIBLE = Path(__file__).parents[1]
GIVEN = {*dir(builtins), "__file__", "__name__", "__doc__"}


def undefined(text: str) -> set:
    nodes = list(ast.walk(ast.parse(text)))
    known = set(GIVEN)
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            known |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            known.add(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            known.add(node.id)
        elif isinstance(node, ast.arg):
            known.add(node.arg)
        elif isinstance(node, ast.ExceptHandler):
            known.add(node.name)
    return {node.id for node in nodes if isinstance(node, ast.Name) and node.id not in known}


class Names(unittest.TestCase):
    def test_every_name_comes_from_somewhere(self):
        for path in ANSIBLE.rglob("*.py"):
            with self.subTest(str(path.relative_to(ANSIBLE))):
                self.assertEqual(undefined(path.read_text(encoding="utf-8")), set())

    def test_a_forgotten_import_is_seen(self):
        self.assertEqual(undefined("import time\n\ndef here(path):\n    return os.path.exists(path), time.time()\n"), {"os"})


if __name__ == "__main__":
    unittest.main()
