"""Which globals a pickle may name: anything inert will do, except what exists only to run something."""

from __future__ import annotations

# Whole modules only where nobody's own package has the name: folders called `code` or `profile` hold models, too.
_MODULES = """
    _ctypes _imp _posixsubprocess _socket _winapi asyncio bdb cProfile codeop ctypes distutils doctest ensurepip ftplib
    http.client http.server httplib imaplib importlib marshal nntplib nt os pdb pip pkgutil popen2 poplib posix pty
    pydoc requests runpy shutil smtplib socket socketserver ssl subprocess sys telnetlib torch.hub
    torch.utils.cpp_extension urllib.request urllib2 venv webbrowser winreg xmlrpc zipimport
"""
_BUILTINS = """
    __import__ apply breakpoint compile eval exec execfile exit file globals help input open quit raw_input reload
"""
_FUNCTIONS = """
    _io.FileIO _io.open _io.open_code _pickle.Unpickler _pickle.load _pickle.loads bz2.open cPickle.load cPickle.loads
    cloudpickle.load cloudpickle.loads code.InteractiveConsole code.InteractiveInterpreter code.interact
    commands.getoutput commands.getstatusoutput dill.load dill.loads gzip.open imp.load_compiled imp.load_dynamic
    imp.load_module imp.load_source io.FileIO io.open io.open_code joblib.load lzma.open numpy.load
    numpy.testing._private.utils.runstring pickle.Unpickler pickle._Unpickler pickle._load pickle._loads pickle.load
    pickle.loads platform.popen profile.Profile profile.run profile.runctx timeit.Timer timeit.main timeit.repeat
    timeit.timeit torch.jit.load torch.load torch.serialization.load trace.Trace types.CodeType
"""

_REFUSED = frozenset(
    [
        *_MODULES.split(),
        *_FUNCTIONS.split(),
        *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in _BUILTINS.split()),
    ]
)
"""Modules and functions by dotted name; what is inside a refused name is refused too."""


def runs_something(module: str, name: str) -> bool:
    """Whether a global has no other use in a pickle than to run a program, evaluate code or open files and sockets.

    The name may itself be dotted: `torch.serialization` and `os.system` reach `os.system` through a module that
    happens to import it, so that the name is judged on its own as well.
    """
    return _is_refused(f"{module}.{name}") or ("." in name and _is_refused(name))


def _is_refused(dotted: str) -> bool:
    end = len(dotted)
    while end > 0:
        if dotted[:end] in _REFUSED:
            return True
        end = dotted.rfind(".", 0, end)
    return False
