-- expect: function limit 20-21
-- expect: type Name 23-23
-- expect: type Shape 26-29
-- expect: constant Shape.radius 28-28
-- expect: type Wrapped 31-31
-- expect: constant Wrapped.unwrap 31-31
-- expect: interface HasArea 33-34
-- expect: method HasArea.areaOf 34-34
-- expect: method HasArea.areaOf 37-38
-- expect: function area 41-45
-- expect: function area.doubled 44-44
-- expect: function |+| 49-50
-- expect: function main 52-54

module Shapes.Square (Shape (..), area, limit) where

import Data.List (sortBy)

-- | The most that is allowed.
limit :: Int
limit = 10

type Name = String

-- | A shape.
data Shape
  = Square Double
  | Circle {radius :: Double}
  deriving (Show)

newtype Wrapped a = Wrapped {unwrap :: a}

class HasArea a where
  areaOf :: a -> Double

instance HasArea Shape where
  areaOf (Square s) = s * s
  areaOf (Circle r) = pi * r * r

-- | How large it is.
area :: Double -> Shape -> Double
area scale (Square s) = doubled s * scale
  where
    doubled x = x * 2
area scale (Circle r) = r * scale

infixl 6 |+|

(|+|) :: Int -> Int -> Int
a |+| b = a + b

main :: IO ()
main = do
  print 1

pattern Pair a b = (a, b)
