"""Tests of the modules' own Python. `python3 -m unittest discover -s ansible/tests -t ansible` from the repository's root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "module_utils"))
