-- expect: constant Shape 13-13
-- expect: constant LIMIT 16-16
-- expect: method Shape.new 19-23
-- expect: method Shape.area 25-30
-- expect: function Shape.area.doubled 26-28
-- expect: function helper 32-34
-- expect: function double 36-38
-- expect: method Shape.grow 40-42
-- expect: constant handlers 44-48
-- expect: method handlers.open 45-47

-- A module of shapes.
local Shape = {}
Shape.__index = Shape

local LIMIT = 10

--- Makes a shape.
function Shape.new(side)
  local self = setmetatable({}, Shape)
  self.side = side
  return self
end

function Shape:area(scale)
  local function doubled(x)
    return x * 2
  end
  return doubled(self.side) * scale
end

local function helper(a, b)
  return a + b
end

local double = function(x)
  return helper(x, x)
end

Shape.grow = function(self, by)
  self.side = self.side + by
end

local handlers = {
  open = function(name)
    return io.open(name)
  end,
}

return Shape
