"""Python: decorators, nesting, overloads, conditional definitions, constants."""
from typing import overload

LIMIT = 10
TABLE: dict[str, int] = {
    "a": 1,
    "b": 2,
    "c": 3,
}
lower = 1


# A comment that belongs to the class.
@decorator(
    argument=1,
)
class Shape(Base, metaclass=Meta):
    """Docstring."""

    SIDES = 4

    def __init__(self, *, side: float = 1.0) -> None:
        self.side = side

    @property
    def area(self) -> float:
        def square(x):
            return x * x

        return square(self.side)

    class Inner:
        async def run(self): ...


@overload
def twice(x: int) -> int: ...
@overload
def twice(x: str) -> str: ...
def twice(x):
    return x * 2


if True:
    def conditional(): return 1
else:
    def conditional(): return 2

type Alias = int | str
handler = lambda event: event
# expect: constant LIMIT 4-4
# expect: constant TABLE 5-9
# expect: class Shape 14-33
# expect: constructor Shape.__init__ 22-23
# expect: method Shape.area 25-30
# expect: function Shape.area.square 27-28
# expect: class Shape.Inner 32-33
# expect: method Shape.Inner.run 33-33
# expect: function twice 36-37
# expect: function twice 38-39
# expect: function twice 40-41
# expect: function conditional 45-45
# expect: function conditional 47-47
# expect: type Alias 49-49
