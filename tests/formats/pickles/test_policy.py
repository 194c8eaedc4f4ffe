from __future__ import annotations

import pytest

from bncli.formats.pickles.policy import runs_something


@pytest.mark.parametrize(
    "name",
    [
        "os.system",
        "os.path.join",
        "posix.system",
        "nt.system",
        "subprocess.Popen",
        "subprocess.check_output",
        "pty.spawn",
        "socket.socket",
        "shutil.rmtree",
        "runpy.run_path",
        "importlib.import_module",
        "ctypes.CDLL",
        "webbrowser.open",
        "sys.exit",
        "builtins.eval",
        "builtins.exec",
        "builtins.compile",
        "builtins.__import__",
        "builtins.open",
        "builtins.breakpoint",
        "builtins.input",
        "builtins.eval.__call__",
        "__builtin__.execfile",
        "__builtin__.eval",
        "commands.getoutput",
        "pickle.loads",
        "torch.load",
        "torch.hub.load",
        "numpy.testing._private.utils.runstring",
        "urllib.request.urlopen",
        "_osx_support._read_output",
        "idlelib.pyshell.ModifiedInterpreter.runcode",
        "numpy.f2py.crackfortran.getlincoef",
        "numpy.lib.npyio.load",
        "torch.utils.collect_env.run",
        "torch._inductor.codecache.compile_file",
        "torch.jit.unsupported_tensor_ops.execWrapper",
        "pandas.read_pickle",
    ],
)
def test_what_exists_only_to_run_something_is_told(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert runs_something(module, attribute)
    first, _, rest = name.partition(".")
    assert runs_something(first, rest)


@pytest.mark.parametrize(
    "name",
    [
        "builtins.getattr",
        "builtins.set",
        "builtins.print",
        "__builtin__.object",
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        "torch.nn.modules.batchnorm.BatchNorm2d",
        "functools.partial",
        "numpy.core.multiarray._reconstruct",
        "pathlib.PosixPath",
        "argparse.Namespace",
        "models.os.Net",
        "ossify.system",
        "code.models.Net",
        "profile.models.Net",
        "my.subprocess_model.Net",
        "copyreg._reconstructor",
        "enum.Enum",
        "operator.attrgetter",
        "numpy.core.multiarray.scalar",
        "torch.utils.data.dataset.Subset",
        "torch.fx.experimental.symbolic_shapes.ShapeEnv",
        "cloudpickle.cloudpickle._make_function",
        "cloudpickle.cloudpickle.subimport",
        "test.models.Net",
        "uuid.UUID",
        "logging.Logger",
    ],
)
def test_classes_and_functions_of_models_are_not(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert not runs_something(module, attribute)


def test_a_path_of_attributes_that_ends_in_a_dangerous_function_is_told() -> None:
    assert runs_something("torch.serialization", "os.system")
    assert runs_something("models", "subprocess.Popen")
    assert runs_something("random", "_os.system")
    assert runs_something("collections", "_sys.modules")
    assert runs_something("models", "Net.os.system")
    assert not runs_something("models", "Net.Block")
