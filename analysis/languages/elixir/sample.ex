# expect: module Shapes.Square 11-36
# expect: function Shapes.Square.area 17-21
# expect: function Shapes.Square.doubled 23-23
# expect: function Shapes.Square.unless_zero 25-29
# expect: module Shapes.Square.Corner 31-35
# expect: function Shapes.Square.Corner.at 32-34
# expect: interface Sized 38-40
# expect: method Sized.size 39-39
# expect: method Sized.size 43-43

defmodule Shapes.Square do
  @moduledoc "Squares."
  @limit 10

  defstruct side: 1

  @doc "How large it is."
  @spec area(map, number) :: number
  def area(%{side: side}, scale \\ 1) when scale > 0 do
    doubled(side) * scale
  end

  defp doubled(x), do: x * 2

  defmacro unless_zero(x, do: block) do
    quote do
      if unquote(x) != 0, do: unquote(block)
    end
  end

  defmodule Corner do
    def at(x) do
      x
    end
  end
end

defprotocol Sized do
  def size(value)
end

defimpl Sized, for: List do
  def size(list), do: length(list)
end
