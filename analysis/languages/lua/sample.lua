-- expect: constant Shape 19-19
-- expect: constant LIMIT 22-22
-- expect: method Shape.new 25-29
-- expect: method Shape.area 31-36
-- expect: function Shape.area.doubled 32-34
-- expect: function helper 38-40
-- expect: function double 42-44
-- expect: method Shape.grow 46-48
-- expect: constant handlers 50-54
-- expect: method handlers.open 51-53
-- expect: method low 56-56
-- expect: function turns[1] 58-60
-- expect: function turns[2] 61-63
-- expect: method jobs.on_exit 64-66
-- expect: function compare 67-69
-- expect: method Shape.read 70-72

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

local turns, jobs, limits = {}, {}, { ["low"] = function() return 1 end }

turns[1] = function(a)
  return a
end
turns[2] = function(a, b)
  return b, a
end
jobs[#jobs].on_exit = function(code)
  return code
end
local compare = limits.compare or function(a, b)
  return a < b
end
Shape.read = async(function(path)
  return io.open(path)
end)

return Shape
