"""The packages of module_utils/belay know only those below them."""
import re
import unittest
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "module_utils" / "belay"
#: From the lowest to the highest. Modules of the package itself (errors, text) are below them all, and know none.
ORDER = ("host", "database", "scope", "tables", "files", "bundle", "wordpress", "fingerprint", "release", "hold", "health", "candidate", "backup",
         "switch", "refresh")


class Layers(unittest.TestCase):
    def test_every_package_has_its_place(self):
        self.assertEqual(sorted(ORDER), sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py")))

    def test_nothing_knows_what_is_above_it(self):
        for path in PACKAGE.rglob("*.py"):
            inside = path.parent != PACKAGE
            own = ORDER.index(path.parent.name) if inside else -1
            for package in _packages_named(path.read_text(), inside):
                if package in ORDER:
                    self.assertLess(ORDER.index(package), own, f"{path.relative_to(PACKAGE)} imports {package}")

    def test_imports_are_relative(self):
        for path in PACKAGE.rglob("*.py"):
            self.assertNotRegex(path.read_text(), r"(?m)^\s*(from|import) (ansible\.module_utils\.)?belay", str(path))


def _packages_named(text: str, inside: bool):
    dots = r"\.\." if inside else r"\."
    yield from re.findall(rf"(?m)^\s*from {dots}(\w+)", text)
    if inside:
        return
    for names in re.findall(r"(?m)^\s*from \. import (.+)$", text):
        yield from (name.split(" as ")[0].strip() for name in names.split(","))


if __name__ == "__main__":
    unittest.main()
