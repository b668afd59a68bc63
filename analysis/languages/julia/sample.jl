# expect: module Shapes 14-52
# expect: constant Shapes.LIMIT 18-18
# expect: type Shapes.Shape 21-21
# expect: struct Shapes.Square 23-26
# expect: constructor Shapes.Square.Square 25-25
# expect: struct Shapes.Counter 28-30
# expect: function Shapes.area 35-38
# expect: function Shapes.area.doubled 36-36
# expect: function Shapes.perimeter 40-40
# expect: method Shapes.Base.show 42-42
# expect: function Shapes.twice 44-46
# expect: method Shapes.Base.length 48-50

module Shapes

using LinearAlgebra

const LIMIT = 10

"A shape."
abstract type Shape end

struct Square <: Shape
    side::Float64
    Square(side) = new(side)
end

mutable struct Counter
    n::Int
end

"""
How large it is.
"""
function area(s::Square, scale::Real = 1)::Float64
    doubled(x) = x * 2
    return doubled(s.side) * scale
end

perimeter(s::Square) = 4 * s.side

Base.show(io::IO, s::Square) = print(io, s.side)

macro twice(ex)
    return :($ex; $ex)
end

function Base.length(s::Square)
    4
end

end
