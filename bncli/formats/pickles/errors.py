"""Faults of a pickle, raised by the machine and turned into messages by whoever knows the file."""


class BrokenPickle(ValueError):
    """The pickle breaks the rules of its format, or a limit."""


class TruncatedPickle(BrokenPickle, EOFError):
    """The bytes end within the pickle.

    Args:
        needed: how many bytes there would have to be, at least.
    """

    def __init__(self, needed: int) -> None:
        super().__init__(f"the pickle ends before byte {needed}, which it needs")
        self.needed = needed
