# expect: module Shapes 16-54
# expect: constant Shapes.LIMIT 20-20
# expect: type Shapes.Shape 23-23
# expect: struct Shapes.Square 25-28
# expect: constructor Shapes.Square.Square 27-27
# expect: struct Shapes.Counter 30-32
# expect: function Shapes.area 37-40
# expect: function Shapes.area.doubled 38-38
# expect: function Shapes.perimeter 42-42
# expect: function Shapes.Base.show 44-44
# expect: function Shapes.twice 46-48
# expect: function Shapes.Base.length 50-52
# expect: function Base.+ 56-56
# expect: function Base.* 57-59

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

Base.:+(a::Shape, b::Shape) = area(a) + area(b)
function Base.:*(a::Shape, n::Int)
    n * area(a)
end
