-- expect: constant limit 17-18
-- expect: type Name 20-20
-- expect: type Shape 23-26
-- expect: type Wrapped 28-28
-- expect: interface HasArea 30-31
-- expect: method HasArea.areaOf 31-31
-- expect: method HasArea.areaOf 34-35
-- expect: function area 38-42
-- expect: function area.doubled 41-41
-- expect: function |+| 46-47

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
