"""The package runs no text as code, starts no shell, and uses no function that could do so."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.package_modules import MODULES

#: Modules that turn data into arbitrary objects or code, or start programs.
FORBIDDEN_MODULES = {
    "cloudpickle", "code", "codeop", "commands", "ctypes", "dill", "jsonpickle", "joblib", "marshal", "multiprocessing",
    "pickle", "pty", "runpy", "shelve", "subprocess", "telnetlib", "xml",
}  # fmt: skip
FORBIDDEN_CALLS = {
    "__import__", "compile", "eval", "exec",
    "os.execl", "os.execv", "os.execve", "os.popen", "os.posix_spawn", "os.spawnl", "os.spawnv", "os.system",
    "numpy.fromfile", "pandas.read_hdf", "pandas.read_pickle",
    "tempfile.mktemp",
    "yaml.full_load", "yaml.load", "yaml.load_all", "yaml.unsafe_load",
}  # fmt: skip
#: Arguments, and their dangerous values.
FORBIDDEN_ARGUMENTS = {
    "allow_pickle": True,
    "autoescape": False,
    "check_hostname": False,
    "shell": True,
    "verify": False,
}
FORBIDDEN_NAMES = {"_create_unverified_context", "CERT_NONE", "PyExtensionType", "UnknownExtensionType"}
#: Well-known short names, so that ``np.load`` is recognised.
SHORT = {"np": "numpy", "pd": "pandas"}


def back_doors(tree: ast.AST) -> Iterator[str]:
    """Yield everything in a module that is forbidden."""
    names = dict(SHORT)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in FORBIDDEN_MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            if not node.level and node.module.split(".")[0] in FORBIDDEN_MODULES:
                yield node.module
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            first, dot, rest = called.partition(".")
            if (found := names.get(first, first) + dot + rest) in FORBIDDEN_CALLS:
                yield found
            for keyword in node.keywords:
                value = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if keyword.arg in FORBIDDEN_ARGUMENTS and value is FORBIDDEN_ARGUMENTS[keyword.arg]:
                    yield f"{keyword.arg}={value}"
        elif (isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES) or (
            isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_NAMES
        ):
            yield ast.unparse(node)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_module_has_a_back_door(module: str) -> None:
    assert list(back_doors(MODULES[module])) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "def f():\n    from marshal import loads",
        "import subprocess",
        "eval('1')",
        "exec(text)",
        "import os\nos.system('ls')",
        "from os import system\nsystem('ls')",
        "import os as o\no.popen('ls')",
        "import yaml\nyaml.load(text)",
        "import tempfile\ntempfile.mktemp()",
        "from tempfile import mktemp as name\nname()",
        "import pandas as pd\npd.read_pickle(path)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "httpx.Client(verify=False)",
        "run(command, shell=True)",
        "import ssl\nssl._create_unverified_context()",
        "context.verify_mode = ssl.CERT_NONE",
        "jinja2.Environment(autoescape=False)",
    ],
)
def test_the_check_finds_each_of_them(code: str) -> None:
    assert list(back_doors(ast.parse(code)))


def test_the_check_accepts_ordinary_code() -> None:
    code = (
        "import re, tempfile\nre.compile('x')\ntempfile.mkstemp()\nhttpx.Client(verify=True)\nself.executor.submit(f)"
    )
    assert list(back_doors(ast.parse(code))) == []
