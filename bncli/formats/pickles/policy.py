"""Which globals a pickle may name: anything inert will do, except what exists only to run something."""

from __future__ import annotations

# Whole modules only where nobody's own package has the name: folders called `code` or `profile` hold models, too.
_MODULES = """
    _aix_support _ctypes _frozen_importlib _frozen_importlib_external _imp _osx_support _posixsubprocess _pyrepl _socket
    _winapi aiohttp asyncio bdb cProfile codeop ctypes distutils doctest ensurepip ftplib http.client http.server
    httplib idlelib imaplib importlib lib2to3 marshal nntplib nt numpy.distutils numpy.f2py numpy.testing os pdb pexpect
    pip pkgutil popen2 poplib posix pty py_compile pydoc requests runpy setuptools shutil smtplib socket socketserver
    ssl subprocess sys telnetlib test.support torch.hub torch.utils.bottleneck torch.utils.collect_env
    torch.utils.cpp_extension torch.utils.model_zoo urllib.request urllib2 venv webbrowser winreg xmlrpc zipimport
"""
_BUILTINS = """
    __build_class__ __import__ apply breakpoint compile eval exec execfile exit file globals help input locals open quit
    raw_input reload vars
"""
_FUNCTIONS = """
    _io.FileIO _io.open _io.open_code _operator.call _pickle.Unpickler _pickle.load _pickle.loads bz2.open cPickle.load
    cPickle.loads cloudpickle.load cloudpickle.loads code.InteractiveConsole code.InteractiveInterpreter code.interact
    codecs.open commands.getoutput commands.getstatusoutput copyreg.add_extension dill.load dill.loads gzip.open
    imp.load_compiled imp.load_dynamic imp.load_module imp.load_source io.FileIO io.open io.open_code joblib.load
    keras.config.enable_unsafe_deserialization keras.models.load_model logging.config.dictConfig
    logging.config.fileConfig lzma.open numpy.ctypeslib.load_library numpy.lib._npyio_impl.load numpy.lib.npyio.load
    numpy.load operator.call pandas.read_pickle pickle.Unpickler pickle._Unpickler pickle._load pickle._loads
    pickle.load pickle.loads platform.popen profile.Profile profile.run profile.runctx site.addpackage site.addsitedir
    site.execsitecustomize site.execusercustomize tensorflow.keras.models.load_model tensorflow.load_op_library
    timeit.Timer timeit.main timeit.repeat timeit.timeit torch._dynamo.guards.GuardBuilder
    torch._inductor.codecache.compile_file torch.classes.load_library
    torch.fx.experimental.symbolic_shapes.ShapeEnv.evaluate_guards_expression torch.jit.load
    torch.jit.unsupported_tensor_ops.execWrapper torch.load torch.ops.load_library torch.package.PackageImporter
    torch.serialization.load torch.utils._config_module.ConfigModule
    torch.utils.data.datapipes.utils.decoder.basichandlers trace.Trace types.CodeType types.FunctionType
    uuid._get_command_stdout
"""

_REFUSED = frozenset(
    [
        *_MODULES.split(),
        *_FUNCTIONS.split(),
        *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in _BUILTINS.split()),
    ]
)
"""Modules and functions by dotted name; what is inside a refused name is refused too."""
_MOST_PARTS = max(name.count(".") for name in _REFUSED) + 1
"""Parts of a name that are looked at: a file can bring a thousand names with hundreds of parts each."""


def runs_something(module: str, name: str) -> bool:
    """Whether a global has no other use in a pickle than to run a program, evaluate code or open files and sockets.

    The name may itself be dotted: `torch.serialization` and `os.system`, or `random` and `_os.system`, reach
    `os.system` through a module that happens to import it, so that the name is judged on its own as well, from each of
    its parts on.
    """
    if _is_refused(_parts(f"{module}.{name}")):
        return True
    parts = _parts(name)
    return any(
        _is_refused(parts[start:]) or _is_refused([parts[start].lstrip("_"), *parts[start + 1 :]])
        for start in range(len(parts) - 1)
    )


def _parts(dotted: str) -> list[str]:
    return dotted.split(".", _MOST_PARTS)[:_MOST_PARTS]


def _is_refused(parts: list[str]) -> bool:
    return any(".".join(parts[:count]) in _REFUSED for count in range(1, len(parts) + 1))
